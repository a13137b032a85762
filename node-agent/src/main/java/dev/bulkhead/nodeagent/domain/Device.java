package dev.bulkhead.nodeagent.domain;

/// A device of a guest, said in full: nothing is left to libvirt's defaults that a guest could
/// notice.
public sealed interface Device
    permits Disk,
        NetworkInterface,
        SerialConsole,
        AgentChannel,
        Display,
        HostDevice,
        Device.UsbController,
        Device.ScsiController,
        Device.RootPort,
        Device.ExpanderBus,
        Device.ExpanderPort,
        Device.Behind,
        Device.Iommu,
        Device.NoUsb,
        Device.EntropySource,
        Device.Balloon,
        Device.PanicNotifier,
        Device.Watchdog {

  Element element();

  record ScsiController() implements Device {
    @Override
    public Element element() {
      return Element.of("controller")
          .with("type", "scsi")
          .with("index", 0)
          .with("model", "virtio-scsi");
    }
  }

  /// A slot for one PCI Express device.
  ///
  /// @param index also the number of its bus, from 1
  record RootPort(int index) implements Device {
    @Override
    public Element element() {
      return Element.of("controller")
          .with("type", "pci")
          .with("index", index)
          .with("model", "pcie-root-port");
    }
  }

  /// A PCI Express root of its own beside the main bus, local to one of the guest's NUMA cells
  /// (QEMU, docs/pcie.txt, 2.1).
  ///
  /// @param index by which addresses name its bus
  /// @param bus the number of that bus in the guest
  record ExpanderBus(int index, int bus, int cell) implements Device {
    @Override
    public Element element() {
      var target = Element.of("target", Element.text("node", Integer.toString(cell)));
      return Element.of("controller", target.with("busNr", bus))
          .with("type", "pci")
          .with("index", index)
          .with("model", "pcie-expander-bus");
    }
  }

  /// A slot behind an expander.
  ///
  /// @param index by which addresses name its bus
  /// @param expander its index
  record ExpanderPort(int index, int expander, int slot) implements Device {
    @Override
    public Element element() {
      return new RootPort(index).element().add(address(expander, slot));
    }
  }

  /// A device of the node in a slot behind an expander.
  ///
  /// @param port its index
  record Behind(HostDevice device, int port) implements Device {
    @Override
    public Element element() {
      return device.element().add(address(port, 0));
    }
  }

  private static Element address(int bus, int slot) {
    return Element.of("address")
        .with("type", "pci")
        .with("domain", "0x0000")
        .with("bus", "0x%02x".formatted(bus))
        .with("slot", "0x%02x".formatted(slot))
        .with("function", "0x0");
  }

  /// Intel's VT-d. Without caching mode QEMU does not learn what the guest maps for a device of the
  /// node, without interrupt remapping the guest's vfio takes no device.
  ///
  /// @param addressBits of the addresses that devices can use
  record Iommu(int addressBits) implements Device {
    @Override
    public Element element() {
      return Element.of(
              "iommu",
              Element.of("driver")
                  .with("intremap", "on")
                  .with("caching_mode", "on")
                  .with("aw_bits", addressBits))
          .with("model", "intel");
    }
  }

  /// No USB: a polling UHCI controller alone costs an idle guest its sleep.
  record NoUsb() implements Device {
    @Override
    public Element element() {
      return Element.of("controller").with("type", "usb").with("model", "none");
    }
  }

  /// For USB devices of the node.
  record UsbController() implements Device {
    @Override
    public Element element() {
      return Element.of("controller").with("type", "usb").with("model", "qemu-xhci");
    }
  }

  record EntropySource() implements Device {
    @Override
    public Element element() {
      return Element.of("rng", Element.text("backend", "/dev/urandom").with("model", "random"))
          .with("model", "virtio");
    }
  }

  record Balloon() implements Device {
    @Override
    public Element element() {
      return Element.of("memballoon").with("model", "virtio");
    }
  }

  /// Sleeps until the guest feeds it, then barks when it is fed no more. The halted guest is the
  /// agent's to end: an action of QEMU's own would look like the guest's.
  record Watchdog() implements Device {
    @Override
    public Element element() {
      return Element.of("watchdog").with("model", "i6300esb").with("action", "pause");
    }
  }

  /// Lets a guest's kernel say that it has panicked, so that this counts as a crash.
  record PanicNotifier() implements Device {
    @Override
    public Element element() {
      return Element.of("panic").with("model", "isa");
    }
  }
}
