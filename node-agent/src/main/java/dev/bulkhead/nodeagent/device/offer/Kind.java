package dev.bulkhead.nodeagent.device.offer;

import dev.bulkhead.nodeagent.device.inventory.PciFunction;

/// What a device is to its user: each kind has a DeviceClass of its name in the chart. In a group
/// of several functions, the one whose kind comes first here stands for all.
public enum Kind {
  GPU("gpu"),
  NVME("nvme"),
  NIC("nic"),
  NIC_VF("nic-vf"),
  PCI("pci"),
  MDEV("mdev"),
  USB("usb");

  private final String word;

  Kind(String word) {
    this.word = word;
  }

  /// As users and charts write it.
  public String word() {
    return word;
  }

  /// By its class code (PCI Code and ID Assignment Specification, 1).
  static Kind of(PciFunction function) {
    return switch (function.baseClass()) {
      case 0x01 -> function.subclass() == 0x08 ? NVME : PCI;
      case 0x02 -> function.parent() == null ? NIC : NIC_VF;
      case 0x03 -> GPU;
      default -> PCI;
    };
  }

  static Kind ofVirtualFunctionOf(PciFunction parent) {
    var kind = of(parent);
    return kind == NIC ? NIC_VF : kind;
  }
}
