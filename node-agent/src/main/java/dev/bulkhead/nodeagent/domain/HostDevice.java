package dev.bulkhead.nodeagent.domain;

import dev.bulkhead.nodeagent.device.claim.DeviceSettings;
import dev.bulkhead.nodeagent.device.inventory.NumaNode;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import java.nio.file.Path;

/// Hardware of the node that is the guest's alone. It is bound to vfio-pci, or made, before libvirt
/// hears of it, and stays so after: `managed='no'`.
public sealed interface HostDevice extends Device {
  /// Where option ROMs are, as libvirtd sees it; what is in there, the node's administrator says.
  String ROMS = "/var/lib/bulkhead/roms/";

  DeviceSettings.Guest settings();

  /// By which it is told from all others of the node, whatever its settings.
  String id();

  /// Of the node, where what QEMU opens it by is.
  default Path folder() {
    return Path.of("/dev/vfio");
  }

  default String toXml() {
    return XmlSerializer.serialize(element());
  }

  HostDevice with(DeviceSettings.Guest other);

  /// What it is local to; null where that is not known, or all of the host is.
  NumaNode numaNode();

  /// The same, local to that node; null for none.
  HostDevice near(NumaNode node);

  /// One function of a PCI device.
  ///
  /// @param place among the functions that go together, from 0; at an address of the claim's they
  ///     become functions of one device in the guest
  record Function(PciAddress address, int place, NumaNode numaNode, DeviceSettings.Guest settings)
      implements HostDevice {
    public Function(PciAddress address, int place, DeviceSettings.Guest settings) {
      this(address, place, null, settings);
    }

    @Override
    public String id() {
      return address.toString();
    }

    @Override
    public Function near(NumaNode node) {
      return new Function(address, place, node, settings);
    }

    @Override
    public Function with(DeviceSettings.Guest other) {
      return new Function(address, place, numaNode, other);
    }

    @Override
    public Element element() {
      var device =
          hostdev("pci")
              .add(Element.of("driver").with("name", "vfio"))
              .add(Element.of("source", HostDevice.address(address)));
      return inGuest(device, settings, place);
    }
  }

  /// A mediated device.
  record Mediated(String uuid, NumaNode numaNode, DeviceSettings.Guest settings)
      implements HostDevice {
    public Mediated(String uuid, DeviceSettings.Guest settings) {
      this(uuid, null, settings);
    }

    @Override
    public String id() {
      return uuid;
    }

    @Override
    public Mediated near(NumaNode node) {
      return new Mediated(uuid, node, settings);
    }

    @Override
    public Mediated with(DeviceSettings.Guest other) {
      return new Mediated(uuid, numaNode, other);
    }

    @Override
    public Element element() {
      var device =
          hostdev("mdev")
              .with("model", "vfio-pci")
              .add(Element.of("source", Element.of("address").with("uuid", uuid)));
      return inGuest(device, settings, 0);
    }
  }

  /// A USB device, by what usbfs calls it now. In the guest it hangs from a controller of QEMU's,
  /// which is local to nothing.
  record Usb(int bus, int device, DeviceSettings.Guest settings) implements HostDevice {
    @Override
    public String id() {
      return "usb %d:%d".formatted(bus, device);
    }

    @Override
    public NumaNode numaNode() {
      return null;
    }

    @Override
    public Usb near(NumaNode node) {
      return this;
    }

    @Override
    public Path folder() {
      return Path.of("/dev/bus/usb");
    }

    @Override
    public Usb with(DeviceSettings.Guest other) {
      return new Usb(bus, device, other);
    }

    @Override
    public Element element() {
      var source = Element.of("address").with("bus", bus).with("device", device);
      return booted(hostdev("usb").add(Element.of("source", source)), settings);
    }
  }

  private static Element hostdev(String type) {
    return Element.of("hostdev").with("mode", "subsystem").with("type", type).with("managed", "no");
  }

  private static Element address(PciAddress address) {
    return Element.of("address")
        .with("domain", "0x%04x".formatted(address.domain()))
        .with("bus", "0x%02x".formatted(address.bus()))
        .with("slot", "0x%02x".formatted(address.device()))
        .with("function", "0x%x".formatted(address.function()));
  }

  private static Element booted(Element device, DeviceSettings.Guest settings) {
    return settings.bootOrder() == null
        ? device
        : device.add(Element.of("boot").with("order", settings.bootOrder()));
  }

  private static Element inGuest(Element device, DeviceSettings.Guest settings, int place) {
    var booted = booted(device, settings);
    var withRom = rom(settings) == null ? booted : booted.add(rom(settings));
    return settings.address() == null
        ? withRom
        : withRom.add(
            address(settings.address().plus(place))
                .with("type", "pci")
                .with("multifunction", place == 0 ? "on" : null));
  }

  /// Null where nothing is said of it.
  private static Element rom(DeviceSettings.Guest settings) {
    if (Boolean.FALSE.equals(settings.rom())) {
      return Element.of("rom").with("enabled", "no");
    }
    return settings.romFile() == null
        ? null
        : Element.of("rom").with("file", ROMS + settings.romFile());
  }
}
