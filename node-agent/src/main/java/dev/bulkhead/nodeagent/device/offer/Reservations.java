package dev.bulkhead.nodeagent.device.offer;

import dev.bulkhead.nodeagent.device.inventory.Inventory;
import dev.bulkhead.nodeagent.device.inventory.PciFunction;
import dev.bulkhead.nodeagent.device.inventory.UsbDevice;
import java.util.Optional;

/// Says of each function and USB device by itself whether its node keeps it, and why, in words that
/// go on after its address. Of the group around it this knows nothing.
final class Reservations {
  private static final String NOT_ALLOWED =
      "is not among what this node may give away (the chart's devices.allow)";

  private final Inventory inventory;
  private final HostUse use;
  private final Giving giving;

  Reservations(Inventory inventory, HostUse use, Giving giving) {
    this.inventory = inventory;
    this.use = use;
    this.giving = giving;
  }

  /// What the node uses it for; null if it does not.
  String use(PciFunction function) {
    return use.functions().get(function.address());
  }

  /// This sees the function, and what it is divided into.
  Optional<String> whyKept(PciFunction function) {
    if (use(function) != null) {
      return Optional.of(use(function));
    }
    if (function.bootVga() && !giving.console()) {
      return Optional.of(
          "is the console's display adapter (the node's setting devices.console would give it"
              + " away)");
    }
    if (isChipset(function) && !giving.allow().contains(function.address().toString())) {
      return Optional.of("is part of the machine's chipset");
    }
    var parts = whyPartsAreKept(function);
    if (parts.isPresent()) {
      return parts;
    }
    return isAllowed(function) ? Optional.empty() : Optional.of(NOT_ALLOWED);
  }

  private Optional<String> whyPartsAreKept(PciFunction function) {
    for (var part : inventory.functions()) {
      if (function.address().equals(part.parent()) && use(part) != null) {
        return Optional.of(
            "has virtual function %s, which %s".formatted(part.address(), use(part)));
      }
    }
    for (var type : function.mdevTypes()) {
      if (Mediated.isForeign(function, type)) {
        return Optional.of(
            "has a mediated device of type %s that others made".formatted(type.id()));
      }
    }
    for (var device : inventory.usbDevices()) {
      var why = whyKept(device);
      if (function.address().equals(device.controller()) && why.isPresent()) {
        return Optional.of("has USB device %s, which %s".formatted(device.port(), why.get()));
      }
    }
    return Optional.empty();
  }

  /// A virtual function also by what allows its parent to be divided.
  private boolean isAllowed(PciFunction function) {
    return giving.allows(function)
        || parentOf(function)
            .filter(parent -> giving.allowsPart(parent, Kind.ofVirtualFunctionOf(parent)))
            .isPresent();
  }

  /// Memory controllers, bridges to buses that are none of PCI's, system peripherals, processors,
  /// SMBus, IPMI, SPI and thermal sensors, as long as they are no cards but in the root complex.
  private static boolean isChipset(PciFunction function) {
    if (!function.bridges().isEmpty()) {
      return false;
    }
    return switch (function.baseClass()) {
      case 0x05, 0x06, 0x08, 0x0b, 0x11 -> true;
      case 0x07 -> function.subclass() == 0x80;
      case 0x0c ->
          switch (function.subclass()) {
            case 0x05, 0x07, 0x80 -> true;
            default -> false;
          };
      default -> false;
    };
  }

  /// The function that made this virtual one, if it counts it among its own.
  Optional<PciFunction> parentOf(PciFunction vf) {
    return vf.parent() == null
        ? Optional.empty()
        : inventory.function(vf.parent()).filter(parent -> vf.indexIn(parent) >= 0);
  }

  Optional<String> whyKept(UsbDevice device) {
    var used = use.usb().get(device.port());
    if (used != null) {
      return Optional.of(used);
    }
    if (device.input() && !giving.console()) {
      return Optional.of(
          "is a keyboard, mouse or the like, the console's (the node's setting devices.console"
              + " would give it away)");
    }
    return giving.allows(device) ? Optional.empty() : Optional.of(NOT_ALLOWED);
  }
}
