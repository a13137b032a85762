package dev.bulkhead.nodeagent.domain;

import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachineSpec.Disk.Bus;
import dev.bulkhead.crds.VirtualMachineSpec.Firmware;
import dev.bulkhead.crds.VirtualMachineSpec.Iommu;
import dev.bulkhead.nodeagent.domain.DomainPlanner.PreparedDisk;
import dev.bulkhead.nodeagent.pod.GuestDirectory;
import dev.bulkhead.nodeagent.pod.PodUid;
import java.nio.file.Path;
import java.util.List;

/// Guests to test with.
public final class Specs {
  public static final GuestSpec.Cpu ONE_CPU = new GuestSpec.Cpu(1, 1, 1, null);
  public static final PodUid POD = new PodUid("0f0e0d0c-0b0a-4908-8706-050403020100");
  private static final String VM = "11111111-2222-4333-8444-555555555555";
  private static final long MEMORY = 128L * 1024 * 1024;

  private Specs() {}

  public static GuestSpec spec(GuestSpec.Cpu cpu, Firmware.Type firmware, GuestSpec.Disk... disks) {
    return of(cpu, MEMORY, firmware, null, disks);
  }

  static GuestSpec withMemory(long bytes) {
    return of(ONE_CPU, bytes, Firmware.Type.BIOS, null);
  }

  public static GuestSpec withKernel(String args) {
    return of(
        ONE_CPU,
        MEMORY,
        Firmware.Type.BIOS,
        new GuestSpec.Kernel("example/linux", "/boot/vmlinuz", "/boot/initrd.img", args));
  }

  private static GuestSpec of(
      GuestSpec.Cpu cpu,
      long memory,
      Firmware.Type firmware,
      GuestSpec.Kernel kernel,
      GuestSpec.Disk... disks) {
    return new GuestSpec(
        GuestSpec.FORMAT,
        "shop",
        "web",
        VM,
        cpu,
        memory,
        firmware,
        kernel,
        List.of(disks),
        "default",
        null,
        null,
        null,
        null);
  }

  static GuestSpec withIommu(long bytes) {
    var all = withMemory(bytes);
    return new GuestSpec(
        all.format(),
        all.namespace(),
        all.name(),
        all.vmUid(),
        all.cpu(),
        all.memoryBytes(),
        all.firmware(),
        all.kernel(),
        all.disks(),
        all.interfaceName(),
        all.interfaceBandwidth(),
        all.cloudInit(),
        all.devices(),
        Iommu.Intel);
  }

  public static GuestSpec.Disk disk(String name, Bus bus, Integer bootOrder) {
    return new GuestSpec.Disk(name, "example/image", null, null, bus, bootOrder, null, null);
  }

  public static GuestSpec.Disk empty(String name, Bus bus, Integer bootOrder) {
    return new GuestSpec.Disk(name, null, null, MEMORY, bus, bootOrder, null, null);
  }

  static DomainPlanner.Prepared prepared(GuestSpec spec, Accelerator accelerator) {
    return prepared(spec, accelerator, List.of());
  }

  static DomainPlanner.Prepared prepared(
      GuestSpec spec, Accelerator accelerator, List<HostDevice> hostDevices) {
    var directory = GuestDirectory.of(Path.of("/run/bulkhead/guests"), POD);
    var base = new Disk.Source("/image/disk & <one>.qcow2", Disk.Format.QCOW2, null);
    return new DomainPlanner.Prepared(
        POD.value(),
        accelerator,
        new QemuUser(QemuUser.FIRST + 7),
        directory,
        spec.kernel() == null
            ? null
            : new Boot.Kernel("/kernel", spec.kernel().initrdPath(), spec.kernel().args()),
        spec.disks().stream()
            .map(
                disk ->
                    new PreparedDisk(
                        disk,
                        disk.image() == null
                            ? new Disk.Source("/disks/" + disk.name(), Disk.Format.RAW, null)
                            : new Disk.Source("/overlay", Disk.Format.QCOW2, base),
                        true))
            .toList(),
        new Disk.Source("/seed.iso", Disk.Format.RAW, null),
        "02:00:00:00:00:01",
        "vm-0f0e0d0c0b0a",
        1500,
        hostDevices);
  }
}
