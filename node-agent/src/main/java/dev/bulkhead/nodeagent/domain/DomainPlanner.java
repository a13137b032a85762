package dev.bulkhead.nodeagent.domain;

import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachineSpec.Firmware;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.pod.GuestDirectory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/// Decides what a guest is made of: its spec and what was prepared for it, to a domain. It reads no
/// file and asks nobody.
public final class DomainPlanner {

  /// What a Linux or Windows of the last fifteen years may expect beyond x86-64, by QEMU's names
  /// (x86-64 psABI, micro-architecture level 2; `pni`, `cx16` come with qemu64).
  private static final List<String> X86_64_V2 =
      List.of("cx16", "lahf_lm", "popcnt", "pni", "sse4.1", "sse4.2", "ssse3");

  /// For devices that come while the guest runs, which need a port each.
  public static final int SPARE_ROOT_PORTS = 4;

  /// Of the addresses that devices can use behind the guest's IOMMU. Every host has as many, and
  /// newer QEMUs start no guest with a device whose IOMMU has more than its host's.
  private static final int IOMMU_BITS = 39;

  /// VT-d's next (Intel, Virtualization Technology for Directed I/O, 10.4.2, SAGAW).
  private static final int MORE_IOMMU_BITS = 48;

  /// More than half of what 39 bits reach: registers of devices are above the memory.
  private static final long MUCH_MEMORY = 1L << (IOMMU_BITS - 1);

  private DomainPlanner() {}

  /// What was made ready for this guest on this node. Paths are libvirtd's.
  ///
  /// @param kernel null unless the guest boots directly
  /// @param disks in the spec's order
  /// @param seed the NoCloud disk, null for none
  /// @param hostDevices of the node, in the spec's order
  /// @param mtu of the pod's own interface, in bytes
  public record Prepared(
      String podUid,
      Accelerator accelerator,
      QemuUser user,
      GuestDirectory directory,
      Boot.Kernel kernel,
      List<PreparedDisk> disks,
      Disk.Source seed,
      String mac,
      String tap,
      int mtu,
      List<HostDevice> hostDevices) {
    public Prepared {
      disks = List.copyOf(disks);
      hostDevices = List.copyOf(hostDevices);
    }
  }

  /// A disk whose files exist.
  ///
  /// @param direct whether everything in the chain can be read with O_DIRECT
  public record PreparedDisk(GuestSpec.Disk spec, Disk.Source source, boolean direct) {}

  public static Domain plan(GuestSpec spec, Prepared prepared) {
    var memoryKiB = Math.ceilDiv(spec.memoryBytes(), 1024);
    var bootOrders = bootOrders(prepared);
    var numa = NumaPlan.of(spec.cpu(), hostDevices(prepared, bootOrders));
    return new Domain(
        spec.namespace() + "." + spec.name(),
        spec.vmUid(),
        prepared.podUid(),
        prepared.accelerator(),
        prepared.user(),
        memoryKiB,
        cpuModel(spec.cpu().model(), prepared.accelerator()),
        new CpuModel.Topology(spec.cpu().sockets(), spec.cpu().cores(), spec.cpu().threads()),
        numa.cells(spec.cpu(), memoryKiB),
        boot(spec, prepared),
        devices(spec, prepared, bootOrders, numa));
  }

  private static CpuModel cpuModel(String model, Accelerator accelerator) {
    boolean kvm = accelerator == Accelerator.KVM;
    return switch (model) {
      case null -> kvm ? new CpuModel.HostModel() : new CpuModel.Translated();
      case "HostPassthrough" -> kvm ? new CpuModel.HostPassthrough() : new CpuModel.Translated();
      case "Baseline" -> new CpuModel.Named("qemu64", X86_64_V2, kvm);
      default -> new CpuModel.Named(model, List.of(), kvm);
    };
  }

  private static Boot boot(GuestSpec spec, Prepared prepared) {
    var nvram = prepared.directory().volumes().scratch().resolve("nvram.fd").toString();
    return new Boot(
        spec.firmware() == Firmware.Type.UEFI ? new Boot.Uefi(nvram) : null, prepared.kernel());
  }

  private static List<Device> devices(
      GuestSpec spec, Prepared prepared, Map<Object, Integer> bootOrders, NumaPlan numa) {
    var devices = new ArrayList<Device>();
    devices.add(
        prepared.hostDevices().stream().anyMatch(HostDevice.Usb.class::isInstance)
            ? new Device.UsbController()
            : new Device.NoUsb());
    var disks = disks(prepared, bootOrders);
    if (disks.stream().anyMatch(disk -> disk.bus() == Disk.Bus.SCSI)) {
      devices.add(new Device.ScsiController());
    }
    devices.addAll(disks);
    devices.add(new NetworkInterface(prepared.mac(), prepared.tap(), prepared.mtu()));
    var directory = prepared.directory();
    devices.add(
        new SerialConsole(directory.serialSocket().toString(), directory.consoleLog().toString()));
    devices.add(new AgentChannel(directory.agentSocket().toString()));
    if (prepared.hostDevices().stream().noneMatch(DomainPlanner::isPrimaryDisplay)) {
      devices.add(new Display(directory.displaySocket().toString()));
    }
    devices.addAll(numa.others());
    devices.add(new Device.Balloon());
    devices.add(new Device.EntropySource());
    devices.add(new Device.PanicNotifier());
    devices.add(new Device.Watchdog());
    if (spec.iommu() != null) {
      devices.add(iommu(spec));
    }
    var ports = rootPorts(devices);
    devices.addAll(ports);
    devices.addAll(numa.expanders(1 + Math.max(ports.size(), highestBus(numa.others()))));
    return devices;
  }

  private static Device iommu(GuestSpec spec) {
    return switch (spec.iommu()) {
      case Intel ->
          new Device.Iommu(spec.memoryBytes() > MUCH_MEMORY ? MORE_IOMMU_BITS : IOMMU_BITS);
    };
  }

  /// That a claim asks for; libvirt makes all ports up to there.
  private static int highestBus(List<HostDevice> devices) {
    return devices.stream()
        .map(device -> device.settings().address())
        .filter(Objects::nonNull)
        .mapToInt(PciAddress::bus)
        .max()
        .orElse(0);
  }

  private static List<HostDevice> hostDevices(Prepared prepared, Map<Object, Integer> bootOrders) {
    return prepared.hostDevices().stream()
        .map(device -> device.with(device.settings().booting(bootOrders.get(device))))
        .toList();
  }

  /// Of its own accord libvirt adds one more than it needs.
  private static List<Device> rootPorts(List<Device> devices) {
    var taken = (int) devices.stream().filter(DomainPlanner::takesRootPort).count();
    return IntStream.range(1, taken + SPARE_ROOT_PORTS)
        .<Device>mapToObj(Device.RootPort::new)
        .toList();
  }

  /// Where libvirt puts it in a q35 machine: what is PCI Express has a port of its own. The
  /// watchdog is not, and its bridge takes one.
  private static boolean takesRootPort(Device device) {
    return switch (device) {
      case Disk disk -> disk.bus() == Disk.Bus.VIRTIO;
      case HostDevice.Usb _ -> false;
      case HostDevice other -> other.settings().address() == null;
      case NetworkInterface _,
          AgentChannel _,
          Device.UsbController _,
          Device.ScsiController _,
          Device.Balloon _,
          Device.EntropySource _,
          Device.Watchdog _ ->
          true;
      case SerialConsole _,
          Display _,
          Device.NoUsb _,
          Device.PanicNotifier _,
          Device.RootPort _,
          Device.ExpanderBus _,
          Device.ExpanderPort _,
          Device.Behind _,
          Device.Iommu _ ->
          false;
    };
  }

  private static boolean isPrimaryDisplay(HostDevice device) {
    return Boolean.TRUE.equals(device.settings().primaryDisplay());
  }

  private static List<Disk> disks(Prepared prepared, Map<Object, Integer> bootOrders) {
    var names = new TargetNames();
    var disks = new ArrayList<Disk>();
    for (var disk : prepared.disks()) {
      var bus = bus(disk.spec());
      disks.add(
          new Disk(
              names.next(bus),
              bus,
              disk.source(),
              disk.direct(),
              false,
              disk.spec().name(),
              bootOrders.get(disk),
              limits(disk.spec())));
    }
    if (prepared.seed() != null) {
      disks.add(
          new Disk(
              names.next(Disk.Bus.VIRTIO),
              Disk.Bus.VIRTIO,
              prepared.seed(),
              false,
              true,
              null,
              null,
              null));
    }
    return disks;
  }

  private static Disk.Limits limits(GuestSpec.Disk disk) {
    return disk.iops() == null && disk.bandwidth() == null
        ? null
        : new Disk.Limits(disk.iops(), disk.bandwidth());
  }

  private static Disk.Bus bus(GuestSpec.Disk disk) {
    return switch (disk.bus()) {
      case null -> Disk.Bus.VIRTIO;
      case Virtio -> Disk.Bus.VIRTIO;
      case SCSI -> Disk.Bus.SCSI;
      case SATA -> Disk.Bus.SATA;
    };
  }

  /// Those that have an order first, by it; then the other disks as they are listed. Host devices
  /// without an order are not booted from.
  private static Map<Object, Integer> bootOrders(Prepared prepared) {
    record Candidate(Object what, Integer order) {}
    var candidates = new ArrayList<Candidate>();
    prepared.disks().forEach(disk -> candidates.add(new Candidate(disk, disk.spec().bootOrder())));
    prepared.hostDevices().stream()
        .filter(device -> device.settings().bootOrder() != null)
        .forEach(device -> candidates.add(new Candidate(device, device.settings().bootOrder())));
    candidates.sort(
        Comparator.comparing(Candidate::order, Comparator.nullsLast(Comparator.naturalOrder())));
    var orders = new HashMap<Object, Integer>();
    candidates.forEach(candidate -> orders.put(candidate.what(), orders.size() + 1));
    return orders;
  }

  /// Hands out device names: `vda`, `vdb`, … for virtio, `sda`, … for SCSI and SATA together.
  private static final class TargetNames {
    private int virtio;
    private int others;

    String next(Disk.Bus bus) {
      return bus == Disk.Bus.VIRTIO ? "vd" + letters(virtio++) : "sd" + letters(others++);
    }

    /// a … z, aa, ab, …
    private static String letters(int index) {
      var last = String.valueOf((char) ('a' + index % 26));
      return index < 26 ? last : letters(index / 26 - 1) + last;
    }
  }
}
