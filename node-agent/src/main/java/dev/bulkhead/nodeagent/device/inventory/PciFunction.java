package dev.bulkhead.nodeagent.device.inventory;

import java.util.List;
import java.util.Set;

/// One function of a PCI device, as sysfs shows it.
///
/// @param root the PCI root that it hangs from, as Kubernetes names it: `pci0000:00`
/// @param bridges those between root and function, the root's first
/// @param classCode class, subclass and programming interface, 24 bits
/// @param driver null when none is bound
/// @param numaNode null when the firmware does not say
/// @param link null where there is none: the function is part of the root complex
/// @param iommuGroup null without an IOMMU
/// @param resets the ways that the kernel can reset this function alone or with its bus, best
///     first; empty when it knows none
/// @param largestBar in bytes
/// @param resizableBar the one that can be the largest; null when there is none
/// @param vram bytes of a display adapter's own memory; null when its driver does not say
/// @param physical null unless this can make virtual functions
/// @param parent the physical function that this one was made by; null for all others
/// @param mdevTypes what this can be divided into
/// @param interfaces names of its network interfaces in the host's own network
/// @param bootVga whether firmware chose this adapter for the console
/// @param fatalErrors those that AER counted since the function appeared
/// @param failedReset why this node could not reset it since it appeared, in the kernel's words;
///     null if it never failed to
public record PciFunction(
    PciAddress address,
    String root,
    List<PciAddress> bridges,
    Ids ids,
    int classCode,
    String driver,
    Integer numaNode,
    Link link,
    Integer iommuGroup,
    List<String> resets,
    long largestBar,
    ResizableBar resizableBar,
    Long vram,
    Physical physical,
    PciAddress parent,
    List<MdevType> mdevTypes,
    Set<String> interfaces,
    boolean bootVga,
    long fatalErrors,
    String failedReset) {

  /// Four lower-case hexadecimal digits each.
  public record Ids(String vendor, String device, String subsystemVendor, String subsystemDevice) {
    /// As `lspci -n` writes it: `10de:2204`.
    public String both() {
      return vendor + ":" + device;
    }
  }

  /// The most that it and its slot are capable of.
  ///
  /// @param speed in MT/s of one lane: 2500, 5000, 8000, 16000, 32000, 64000
  /// @param width lanes
  public record Link(int speed, int width) {}

  /// SR-IOV.
  ///
  /// @param total how many virtual functions it can make
  /// @param now how many there are
  /// @param offset from its routing id to that of the first
  /// @param stride from the routing id of one to the next
  /// @param device the device id of each, four hexadecimal digits; null if the kernel does not say
  public record Physical(int total, int now, int offset, int stride, String device) {}

  /// A kind of mediated device.
  ///
  /// @param id as in sysfs: `nvidia-35`, `i915-GVTg_V5_4`
  /// @param name null when its driver gives none
  /// @param available how many more can be made now
  /// @param max how many can be made when there are none of any kind; null when the driver does not
  ///     say
  /// @param instances UUIDs of those that exist
  public record MdevType(
      String id, String name, String api, int available, Integer max, List<String> instances) {}

  /// They have the vendor and subsystem of their parent (SR-IOV, 3.4.1).
  public Ids idsOfVirtualFunctions() {
    return physical == null || physical.device() == null
        ? ids
        : new Ids(ids.vendor(), physical.device(), ids.subsystemVendor(), ids.subsystemDevice());
  }

  /// PCI-to-PCI bridges, root ports and ports of switches among them: never a guest's, and no
  /// obstacle in a group (vfio lets them be).
  public boolean isBridge() {
    return baseClass() == 0x06 && subclass() == 0x04;
  }

  public boolean isUsbController() {
    return baseClass() == 0x0c && subclass() == 0x03;
  }

  /// PCI Code and ID Assignment Specification.
  public int baseClass() {
    return classCode >> 16;
  }

  public int subclass() {
    return (classCode >> 8) & 0xff;
  }

  /// Of a virtual function the n-th, from 0, that its parent can make; -1 of any other, or if it is
  /// none of the parent's.
  public int indexIn(PciFunction parentFunction) {
    var vfs = parentFunction.physical();
    int distance = address.routingId() - parentFunction.address().routingId();
    if (vfs == null || vfs.stride() < 1 || distance < vfs.offset()) {
      return -1;
    }
    return (distance - vfs.offset()) / vfs.stride();
  }
}
