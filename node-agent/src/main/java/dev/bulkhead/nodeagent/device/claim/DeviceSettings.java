package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.nodeagent.device.inventory.PciAddress;

/// How a claim wants its device: the opaque parameters of `bulkhead.dev`, read. Null everywhere for
/// what they do not say.
///
/// @param card what the card does for it
/// @param bar how large its resizable BAR is to be
/// @param guest how a VM's guest sees it; containers have no use for that
public record DeviceSettings(Card card, BarSize bar, Guest guest) {

  /// For virtual functions of network cards.
  ///
  /// @param mac null: the card's choice
  /// @param vlan 1 to 4094; null: untagged
  /// @param spoofCheck whether the card drops what has another MAC; null: the driver's choice
  public record Card(String mac, Integer vlan, Boolean spoofCheck) {
    public static final Card NONE = new Card(null, null, null);
  }

  /// Of a guest's PCI device, but for the last three, which are of the whole guest.
  ///
  /// @param rom whether the guest sees the device's option ROM; null: yes
  /// @param romFile name of a file to take for it, in the node's folder of such
  /// @param address in the guest
  /// @param bootOrder from 1, among the VM's disks
  /// @param primaryDisplay whether the guest has no other display adapter
  /// @param hiddenHypervisor whether KVM hides itself, for drivers that refuse to work in a VM
  /// @param hypervisorVendor what a Windows guest takes its hypervisor for, up to 12 characters
  public record Guest(
      Boolean rom,
      String romFile,
      PciAddress address,
      Integer bootOrder,
      Boolean primaryDisplay,
      Boolean hiddenHypervisor,
      String hypervisorVendor) {
    public static final Guest NONE = new Guest(null, null, null, null, null, null, null);

    /// The same without what is only for a guest's start: where it is, and what is booted.
    public Guest whileRunning() {
      return new Guest(
          rom, romFile, null, null, primaryDisplay, hiddenHypervisor, hypervisorVendor);
    }

    /// The same with another place in the order of booting.
    public Guest booting(Integer order) {
      return new Guest(
          rom, romFile, address, order, primaryDisplay, hiddenHypervisor, hypervisorVendor);
    }
  }

  public static final DeviceSettings NONE = new DeviceSettings(Card.NONE, null, Guest.NONE);

  /// These, and where they say nothing, the others.
  DeviceSettings over(DeviceSettings others) {
    return new DeviceSettings(
        new Card(
            or(card.mac, others.card.mac),
            or(card.vlan, others.card.vlan),
            or(card.spoofCheck, others.card.spoofCheck)),
        or(bar, others.bar),
        new Guest(
            or(guest.rom, others.guest.rom),
            or(guest.romFile, others.guest.romFile),
            or(guest.address, others.guest.address),
            or(guest.bootOrder, others.guest.bootOrder),
            or(guest.primaryDisplay, others.guest.primaryDisplay),
            or(guest.hiddenHypervisor, others.guest.hiddenHypervisor),
            or(guest.hypervisorVendor, others.guest.hypervisorVendor)));
  }

  private static <T> T or(T said, T otherwise) {
    return said == null ? otherwise : said;
  }
}
