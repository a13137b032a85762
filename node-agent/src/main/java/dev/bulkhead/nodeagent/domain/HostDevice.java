package dev.bulkhead.nodeagent.domain;

import dev.bulkhead.nodeagent.device.inventory.PciAddress;

/// Hardware of the node that is the guest's alone. It is bound to vfio-pci, or a mediated device,
/// before libvirt hears of it, and stays so after: `managed='no'`.
public sealed interface HostDevice extends Device {

  /// Of the entry in the guest's spec, and which of its devices it is; libvirt keeps names that
  /// begin with `ua-` as they are.
  private static Element alias(String entry, int number) {
    return Element.of("alias").with("name", "ua-%s-%d".formatted(entry, number));
  }

  private static Element hostdev(String type) {
    return Element.of("hostdev").with("mode", "subsystem").with("type", type);
  }

  /// One function of a PCI device.
  record Function(String entry, int number, PciAddress address) implements HostDevice {
    @Override
    public Element element() {
      return hostdev("pci")
          .with("managed", "no")
          .add(Element.of("driver").with("name", "vfio"))
          .add(
              Element.of(
                  "source",
                  Element.of("address")
                      .with("domain", "0x%04x".formatted(address.domain()))
                      .with("bus", "0x%02x".formatted(address.bus()))
                      .with("slot", "0x%02x".formatted(address.device()))
                      .with("function", "0x%x".formatted(address.function()))))
          .add(alias(entry, number));
    }
  }

  /// A mediated device.
  record Mediated(String entry, int number, String uuid) implements HostDevice {
    @Override
    public Element element() {
      return hostdev("mdev")
          .with("managed", "no")
          .with("model", "vfio-pci")
          .add(Element.of("source", Element.of("address").with("uuid", uuid)))
          .add(alias(entry, number));
    }
  }

  /// A USB device, by what usbfs calls it now.
  record Usb(String entry, int number, int bus, int device) implements HostDevice {
    @Override
    public Element element() {
      return hostdev("usb")
          .with("managed", "no")
          .add(
              Element.of(
                  "source", Element.of("address").with("bus", bus).with("device", device)))
          .add(alias(entry, number));
    }
  }
}
