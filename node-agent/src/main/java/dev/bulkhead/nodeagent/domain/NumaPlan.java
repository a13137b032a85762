package dev.bulkhead.nodeagent.domain;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.nodeagent.device.inventory.NumaNode;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// Decides what a guest sees of the host's NUMA nodes: a cell for each that it has PCI devices on,
/// and a PCI Express root for the devices of each cell. A device whose claim says where it is in
/// the guest is there, and local to nothing. Where vCPUs run is kubelet's to decide.
///
/// @param localities by node
/// @param others local to nothing
record NumaPlan(List<Locality> localities, List<HostDevice> others) {

  /// Bus numbers of an expander: its own, and one for each port.
  static final int BUSES = 32;

  /// PCI has 256 bus numbers. With this many expanders at their end, the main bus, 0, still has 1
  /// to 63 for its own ports.
  static final int CELLS = 6;

  private static final int KIB_PER_MIB = 1024;

  /// What is local to one of the host's nodes.
  ///
  /// @param devices at least one, in the order given
  record Locality(NumaNode node, List<HostDevice> devices) {}

  /// No more cells than the guest has cores: one without a vCPU would be nobody's to work on. What
  /// is on other nodes is local to nothing.
  static NumaPlan of(GuestSpec.Cpu cpu, List<HostDevice> devices) {
    var localities =
        devices.stream()
            .filter(device -> device.numaNode() != null && device.settings().address() == null)
            .collect(groupingBy(device -> device.numaNode().number(), TreeMap::new, toList()))
            .values()
            .stream()
            .limit(Math.min(CELLS, cores(cpu)))
            .map(local -> local.subList(0, Math.min(BUSES - 1, local.size())))
            .map(local -> new Locality(local.getFirst().numaNode(), local))
            .toList();
    var others = new ArrayList<>(devices);
    localities.forEach(locality -> others.removeAll(locality.devices()));
    return new NumaPlan(localities, List.copyOf(others));
  }

  /// Of equal size but for what does not divide: no core is in two cells, and memory comes in whole
  /// MiB (libvirt, qemuDomainGetMemorySizeAlignment).
  List<NumaCell> cells(GuestSpec.Cpu cpu, long memoryKiB) {
    int all = localities.size();
    return IntStream.range(0, all)
        .mapToObj(
            id -> {
              var node = localities.get(id).node();
              long share = memoryKiB / all / KIB_PER_MIB * KIB_PER_MIB;
              return new NumaCell(
                  id,
                  cores(cpu) * id / all * cpu.threads(),
                  cores(cpu) * (id + 1) / all * cpu.threads() - 1,
                  id == 0 ? memoryKiB - share * (all - 1) : share,
                  node.lends() ? node.number() : null);
            })
        .toList();
  }

  /// Roots, ports and the devices behind them. Each device has a port of its own: of functions of
  /// one device in the guest, libvirt takes none away while it runs.
  ///
  /// @param firstIndex that no other PCI controller has, nor any after it
  List<Device> expanders(int firstIndex) {
    var devices = new ArrayList<Device>();
    int index = firstIndex;
    for (int cell = 0; cell < localities.size(); cell++) {
      int expander = index++;
      devices.add(new Device.ExpanderBus(expander, 256 - BUSES * (cell + 1), cell));
      int slot = 0;
      for (var device : localities.get(cell).devices()) {
        devices.add(new Device.ExpanderPort(index, expander, slot++));
        devices.add(new Device.Behind(device, index++));
      }
    }
    return List.copyOf(devices);
  }

  private static int cores(GuestSpec.Cpu cpu) {
    return cpu.sockets() * cpu.cores();
  }
}
