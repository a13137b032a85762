package dev.bulkhead.nodeagent.domain;

import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec;
import dev.bulkhead.crds.VirtualMachineSpec.Disk.Bus;
import dev.bulkhead.crds.VirtualMachineSpec.Firmware;
import dev.bulkhead.nodeagent.network.Link;
import dev.bulkhead.nodeagent.pod.GuestDirectory;
import dev.bulkhead.nodeagent.pod.PodUid;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/// VMs that the CRD's rules let in, to the edges of what they allow; and the domains made of them.
public final class AnyGuest {
  private static final long MIB = 1024 * 1024;

  private AnyGuest() {}

  /// A VM and what a node may have prepared for it.
  record Case(
      VirtualMachine vm,
      Accelerator accelerator,
      boolean direct,
      int mtu,
      List<HostDevice> hostDevices) {
    Domain plan() {
      var spec = GuestSpec.parse(GuestSpec.from(vm).toJson()).orElseThrow();
      return DomainPlanner.plan(spec, prepared(spec));
    }

    private DomainPlanner.Prepared prepared(GuestSpec spec) {
      var pod = new PodUid(UUID.nameUUIDFromBytes(bytes(spec.vmUid())).toString());
      var directory = GuestDirectory.of(Path.of("/run/bulkhead/guests"), pod);
      var link = Link.of(pod, spec.vmUid());
      return new DomainPlanner.Prepared(
          pod.value(),
          accelerator,
          QemuUser.forPod(pod, Set.of()),
          directory,
          spec.kernel() == null ? null : kernel(spec.kernel()),
          spec.disks().stream().map(this::prepared).toList(),
          spec.cloudInit() == null
              ? null
              : new Disk.Source(directory.path() + "/seed.iso", Disk.Format.RAW, null),
          link.mac(),
          link.tap(),
          mtu,
          hostDevices);
    }

    private DomainPlanner.PreparedDisk prepared(GuestSpec.Disk disk) {
      var source =
          disk.image() == null
              ? new Disk.Source("/disks/" + disk.name() + "/disk.raw", Disk.Format.RAW, null)
              : new Disk.Source(
                  "/scratch/" + disk.name() + ".qcow2",
                  Disk.Format.QCOW2,
                  new Disk.Source("/image" + disk.imagePath(), Disk.Format.QCOW2, null));
      return new DomainPlanner.PreparedDisk(disk, source, direct);
    }

    private static Boot.Kernel kernel(GuestSpec.Kernel kernel) {
      return new Boot.Kernel(
          "/kernel" + kernel.path(),
          kernel.initrdPath() == null ? null : "/kernel" + kernel.initrdPath(),
          kernel.args());
    }
  }

  /// For a libvirt that can run no guest in hardware.
  public static Arbitrary<Domain> translatedDomains() {
    return cases(models("EPYC", "Skylake-Server", "qemu64"))
        .map(c -> new Case(c.vm(), Accelerator.TCG, c.direct(), c.mtu(), c.hostDevices()).plan());
  }

  static Arbitrary<Case> cases() {
    return cases(
        Arbitraries.oneOf(
            models("EPYC"),
            Arbitraries.strings()
                .withChars("abcXYZ019._-")
                .ofMaxLength(62)
                .map(rest -> "Z" + rest)));
  }

  private static Arbitrary<String> models(String... names) {
    var all = new ArrayList<>(List.of("HostModel", "HostPassthrough", "Baseline"));
    all.addAll(List.of(names));
    return Arbitraries.of(all).injectNull(0.2);
  }

  private static Arbitrary<Case> cases(Arbitrary<String> models) {
    return Combinators.combine(
            vms(models),
            Arbitraries.of(Accelerator.class),
            Arbitraries.of(true, false),
            Arbitraries.integers().between(68, 65_535),
            AnyHostDevice.some())
        .as(Case::new);
  }

  private static Arbitrary<VirtualMachine> vms(Arbitrary<String> models) {
    return Combinators.combine(
            names(63),
            names(63),
            cpus(models),
            quantities(16 * MIB, 16 * MIB * MIB),
            Arbitraries.of(Firmware.Type.class).injectNull(0.2),
            kernels().injectNull(0.5),
            disks(),
            Combinators.combine(
                    interfaces().injectNull(0.3),
                    cloudInits().injectNull(0.3),
                    Arbitraries.of(VirtualMachineSpec.Iommu.class).injectNull(0.7))
                .as(Outside::new))
        .as(
            (namespace, name, cpu, memory, firmware, kernel, disks, outside) -> {
              var spec = new VirtualMachineSpec();
              spec.setCpu(cpu);
              spec.setMemory(new VirtualMachineSpec.Memory());
              spec.getMemory().setSize(memory);
              if (firmware != null) {
                spec.setFirmware(new Firmware());
                spec.getFirmware().setType(firmware);
              }
              spec.setKernel(kernel);
              spec.setDisks(disks);
              spec.setInterfaces(outside.wire() == null ? null : List.of(outside.wire()));
              spec.setCloudInit(outside.cloudInit());
              spec.setIommu(outside.iommu());
              var vm = new VirtualMachine();
              vm.setMetadata(
                  new ObjectMetaBuilder()
                      .withNamespace(namespace)
                      .withName(name)
                      .withUid(UUID.nameUUIDFromBytes(bytes(namespace + "/" + name)).toString())
                      .build());
              vm.setSpec(spec);
              return vm;
            });
  }

  /// Each null for none.
  private record Outside(
      VirtualMachineSpec.Interface wire,
      VirtualMachineSpec.CloudInit cloudInit,
      VirtualMachineSpec.Iommu iommu) {}

  private static Arbitrary<VirtualMachineSpec.Interface> interfaces() {
    return Combinators.combine(names(20), quantities(MIB / 16, MIB * MIB).injectNull(0.3))
        .as(
            (name, bandwidth) -> {
              var wire = new VirtualMachineSpec.Interface();
              wire.setName(name);
              wire.setPod(new VirtualMachineSpec.PodNetwork());
              if (bandwidth != null) {
                wire.setLimits(new VirtualMachineSpec.InterfaceLimits());
                wire.getLimits().setBandwidth(bandwidth);
              }
              return wire;
            });
  }

  /// User data of one's own, or in a secret.
  private static Arbitrary<VirtualMachineSpec.CloudInit> cloudInits() {
    return Combinators.combine(names(63), Arbitraries.of(true, false))
        .as(
            (name, secret) -> {
              var cloudInit = new VirtualMachineSpec.CloudInit();
              if (secret) {
                cloudInit.setUserDataSecret(new VirtualMachineSpec.SecretReference());
                cloudInit.getUserDataSecret().setName(name);
              } else {
                cloudInit.setUserData("#cloud-config\n");
              }
              return cloudInit;
            });
  }

  /// At most 255 vCPUs.
  private static Arbitrary<VirtualMachineSpec.Cpu> cpus(Arbitrary<String> models) {
    return Combinators.combine(
            Arbitraries.integers().between(1, 255),
            Arbitraries.integers().between(1, 255).injectNull(0.5),
            Arbitraries.integers().between(1, 8).injectNull(0.5),
            models)
        .as(
            (cores, sockets, threads, model) -> {
              var cpu = new VirtualMachineSpec.Cpu();
              cpu.setThreads(threads);
              int left = 255 / (threads == null ? 1 : threads);
              cpu.setSockets(sockets == null ? null : Math.min(sockets, left));
              left /= sockets == null ? 1 : cpu.getSockets();
              cpu.setCores(Math.min(cores, left));
              cpu.setModel(model);
              return cpu;
            });
  }

  private static Arbitrary<VirtualMachineSpec.Kernel> kernels() {
    return Combinators.combine(
            paths().injectNull(0.3), paths().injectNull(0.3), args().injectNull(0.3))
        .as(
            (path, initrd, args) -> {
              var kernel = new VirtualMachineSpec.Kernel();
              kernel.setImage("example/linux:1");
              kernel.setPath(path);
              kernel.setInitrdPath(initrd);
              kernel.setArgs(args);
              return kernel;
            });
  }

  /// Names are unique, and so are boot orders.
  private static Arbitrary<List<VirtualMachineSpec.Disk>> disks() {
    var orders = Arbitraries.integers().between(1, 1000).list().uniqueElements().ofSize(32);
    var disks = Arbitraries.frequencyOf(Tuple.of(9, disks(3)), Tuple.of(1, disks(32)));
    return Combinators.combine(disks, orders)
        .as(
            (all, numbers) -> {
              for (int i = 0; i < all.size(); i++) {
                if (all.get(i).getBootOrder() != null) {
                  all.get(i).setBootOrder(numbers.get(i));
                }
              }
              return all;
            });
  }

  private static Arbitrary<List<VirtualMachineSpec.Disk>> disks(int atMost) {
    return disk().list().ofMaxSize(atMost).uniqueElements(VirtualMachineSpec.Disk::getName);
  }

  private static Arbitrary<VirtualMachineSpec.Disk> disk() {
    return Combinators.combine(
            names(20),
            Arbitraries.of(Bus.class).injectNull(0.2),
            paths(),
            quantities(MIB, 64 * MIB * MIB),
            Arbitraries.of(true, false),
            Arbitraries.of(true, false),
            limits().injectNull(0.5))
        .as(
            (name, bus, path, size, image, ordered, limits) -> {
              var disk = new VirtualMachineSpec.Disk();
              disk.setName(name);
              disk.setBus(bus);
              if (image) {
                disk.setImage(new VirtualMachineSpec.ImageSource());
                disk.getImage().setReference("example/disk:1");
                disk.getImage().setPath(path);
              } else {
                disk.setEmpty(new VirtualMachineSpec.EmptySource());
                disk.getEmpty().setSize(size);
              }
              disk.setBootOrder(ordered ? 1 : null);
              disk.setLimits(limits);
              return disk;
            });
  }

  private static Arbitrary<VirtualMachineSpec.DiskLimits> limits() {
    return Combinators.combine(
            Arbitraries.integers().between(10, 10_000_000).injectNull(0.3),
            quantities(MIB / 16, MIB * MIB).injectNull(0.3))
        .as(
            (iops, bandwidth) -> {
              var limits = new VirtualMachineSpec.DiskLimits();
              limits.setIops(iops == null && bandwidth == null ? Integer.valueOf(10) : iops);
              limits.setBandwidth(bandwidth);
              return limits;
            });
  }

  /// Letters, digits and dashes, with a letter or digit at both ends.
  private static Arbitrary<String> names(int length) {
    return Arbitraries.strings()
        .withCharRange('a', 'z')
        .withCharRange('0', '9')
        .withChars('-')
        .ofMinLength(1)
        .ofMaxLength(length)
        .map(s -> s.replaceAll("^-|-$", "x"));
  }

  private static Arbitrary<String> quantities(long least, long most) {
    return Arbitraries.oneOf(
        Arbitraries.longs().between(least, most).map(bytes -> Long.toString(bytes)),
        Arbitraries.longs().between(least / MIB, most / MIB).map(mib -> mib + "Mi"),
        Arbitraries.integers().between(1, 999).map(milli -> milli / 1000.0 + "Ti"));
  }

  private static Arbitrary<String> paths() {
    return text(60).map(s -> "/x" + s.replace("..", "."));
  }

  private static Arbitrary<String> args() {
    return text(2048);
  }

  /// Of any characters that the API server lets through: valid UTF-8 without control characters.
  private static Arbitrary<String> text(int length) {
    return Arbitraries.oneOf(
            Arbitraries.strings().ascii().ofMaxLength(length),
            Arbitraries.strings().all().ofMaxLength(Math.min(length, 60)))
        .map(
            s -> new String(bytes(s), StandardCharsets.UTF_8).replaceAll("[\\x00-\\x1f\\x7f]", ""));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
