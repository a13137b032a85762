package dev.bulkhead.nodeagent.device.inventory;

import static java.util.stream.Collectors.toSet;

import dev.bulkhead.nodeagent.device.inventory.Inventory.Iommu;
import dev.bulkhead.nodeagent.device.inventory.Inventory.Unreadable;
import dev.bulkhead.nodeagent.device.inventory.Sysfs.MalformedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/// Reads a node's hardware from its sysfs. Not from udev, which a container has not, nor from
/// libvirt, which leaves out virtual functions where udev does not run.
public final class InventoryReader {
  private final Path sys;
  private final Path proc;
  private final Path pciIds;
  private final FailedResets failedResets;
  private Set<String> named = Set.of();
  private PciIds names = PciIds.NONE;

  /// @param sys the node's own: one mounted in a container shows that container's interfaces
  /// @param pciIds need not exist
  public InventoryReader(Path sys, Path proc, Path pciIds, FailedResets failedResets) {
    this.sys = sys;
    this.proc = proc;
    this.pciIds = pciIds;
    this.failedResets = failedResets;
  }

  /// What goes away while this reads is left out.
  public Inventory read() throws IOException {
    var all = Sysfs.functions(sys);
    var functions = new TreeMap<PciAddress, PciFunction>();
    var unreadable = new TreeMap<String, Unreadable>();
    for (var name : Sysfs.names(all)) {
      try {
        var function = PciFunctionReader.read(all.resolve(name), failedResets);
        functions.put(function.address(), function);
      } catch (MalformedException | IllegalArgumentException e) {
        if (Files.exists(all.resolve(name))) {
          unreadable.put(name, new Unreadable(groupOf(all.resolve(name)), e.getMessage()));
        }
      } catch (NoSuchFileException _) {
        // it went away while it was read
      }
    }
    return new Inventory(
        iommu(),
        List.copyOf(functions.values()),
        new UsbReader(sys).read(),
        names(functions.values()),
        unreadable);
  }

  private static Integer groupOf(Path function) {
    var group = Sysfs.target(function.resolve("iommu_group"));
    return group != null && group.matches("\\d{1,9}") ? Integer.valueOf(group) : null;
  }

  private Iommu iommu() throws IOException {
    if (Sysfs.names(sys.resolve("kernel/iommu_groups")).isEmpty()) {
      return Iommu.OFF;
    }
    return remapsInterrupts() ? Iommu.ON : Iommu.WITHOUT_INTERRUPT_REMAPPING;
  }

  /// The kernel names the interrupt controllers of x86 so only where it remaps (`IR-IO-APIC`,
  /// `IR-PCI-MSIX`); elsewhere interrupts are never a guest's to write. An administrator can
  /// declare guests trusted (`allow_unsafe_interrupts`), and then vfio does not ask either.
  private boolean remapsInterrupts() throws IOException {
    var allowed =
        Sysfs.text(sys.resolve("module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"));
    if ("Y".equals(allowed)) {
      return true;
    }
    var interrupts = Files.readString(proc.resolve("interrupts"));
    return !interrupts.contains("APIC") || interrupts.contains("IR-");
  }

  /// Of the functions as they were last: the database is read again only for others.
  private synchronized PciIds names(Collection<PciFunction> functions) throws IOException {
    var wanted =
        functions.stream().map(PciFunction::ids).map(PciFunction.Ids::both).collect(toSet());
    if (!wanted.equals(named)) {
      names = PciIds.read(pciIds, wanted);
      named = wanted;
    }
    return names;
  }
}
