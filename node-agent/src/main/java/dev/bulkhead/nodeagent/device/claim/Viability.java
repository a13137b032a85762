package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.inventory.Sysfs;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Tells, before QEMU does, that an IOMMU group is "not viable": the kernel gives a group to a
/// guest only while no driver that does DMA of its own has a function of it. Those that do none say
/// so to the kernel (`driver_managed_dma` in drivers/pci and drivers/vfio).
public final class Viability {
  private static final Set<String> WITHOUT_DMA = Set.of("pcieport", "pci-stub");

  /// Part of the name of each driver that gives a function to a guest: `mlx5_vfio_pci`.
  private static final String VFIO = "vfio";

  private final Path functions;

  /// @param sys the node's
  public Viability(Path sys) {
    this.functions = Sysfs.functions(sys);
  }

  /// What keeps a device that is prepared from a guest, in words that go on after its name.
  public Optional<String> whyNot(Source source) throws IOException {
    return switch (source) {
      case Source.Group(var device) -> whyNot(device);
      case Source.VirtualFunction vf -> whyNot(List.of(vf.address()));
      case Source.Mediated _, Source.Usb _ -> Optional.empty();
    };
  }

  private Optional<String> whyNot(List<PciAddress> device) throws IOException {
    var group = functions.resolve(device.getFirst().toString()).resolve("iommu_group");
    var own = device.stream().map(PciAddress::toString).toList();
    for (var member : Sysfs.names(group.resolve("devices"))) {
      var driver = Sysfs.target(functions.resolve(member).resolve("driver"));
      if (own.contains(member) ? !isVfio(driver) : !isNoObstacle(driver)) {
        return Optional.of(
            "is of IOMMU group %s, of which function %s is with %s now, so the kernel gives it to no guest. On the node, %s; or restart the VM, which has the group bound to vfio-pci anew"
                .formatted(
                    Sysfs.target(group),
                    member,
                    driver == null ? "no driver" : "driver " + driver,
                    cure(member, driver, own.contains(member))));
      }
    }
    return Optional.empty();
  }

  private static boolean isVfio(String driver) {
    return driver != null && driver.contains(VFIO);
  }

  private static boolean isNoObstacle(String driver) {
    return driver == null || isVfio(driver) || WITHOUT_DMA.contains(driver);
  }

  /// The device's own still have their driver_override, so they go to vfio-pci.
  private static String cure(String function, String driver, boolean own) {
    var unbind = "echo %s >/sys/bus/pci/drivers/%s/unbind".formatted(function, driver);
    var probe = "echo %s >/sys/bus/pci/drivers_probe".formatted(function);
    if (!own) {
      return unbind;
    }
    return driver == null ? probe : unbind + ", then " + probe;
  }
}
