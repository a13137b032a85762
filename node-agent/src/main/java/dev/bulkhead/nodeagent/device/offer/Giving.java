package dev.bulkhead.nodeagent.device.offer;

import dev.bulkhead.nodeagent.device.inventory.PciFunction;
import dev.bulkhead.nodeagent.device.inventory.UsbDevice;
import java.util.Set;

/// What an administrator lets a node give away.
///
/// @param allow kinds (`gpu`), PCI addresses (`0000:01:00.0`), USB ports (`usb:1-4`), and ids of
///     either (`10de:2204`); whatever one of them names may be given away
/// @param console whether that holds for the adapter and the keyboards of the node's console too
public record Giving(Set<String> allow, boolean console) {

  boolean allows(PciFunction function) {
    return allowsPart(function, Kind.of(function));
  }

  /// @param kind of the part
  boolean allowsPart(PciFunction function, Kind kind) {
    return allow.contains(kind.word())
        || allow.contains(function.address().toString())
        || allow.contains(function.ids().both());
  }

  boolean allows(UsbDevice device) {
    return allow.contains(Kind.USB.word())
        || allow.contains("usb:" + device.port())
        || allow.contains(device.vendor() + ":" + device.product());
  }
}
