package dev.bulkhead.nodeagent.device.inventory;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What hardware a node has. It says nothing of who uses it.
///
/// @param functions by address
/// @param usbDevices by port
/// @param names of the functions' vendors and devices
/// @param unreadable functions that sysfs shows and says nonsense of, by address
public record Inventory(
    Iommu iommu,
    List<PciFunction> functions,
    List<UsbDevice> usbDevices,
    PciIds names,
    Map<String, Unreadable> unreadable) {

  /// All that is known of such a function.
  ///
  /// @param iommuGroup null if not even that
  public record Unreadable(Integer iommuGroup, String why) {}

  /// What keeps a device's DMA and interrupts within its guest.
  public enum Iommu {
    /// Absent, or turned off in firmware or kernel.
    OFF,
    /// Interrupts are not remapped, so a guest could forge the host's.
    WITHOUT_INTERRUPT_REMAPPING,
    ON
  }

  public Optional<PciFunction> function(PciAddress address) {
    return functions.stream().filter(function -> function.address().equals(address)).findFirst();
  }
}
