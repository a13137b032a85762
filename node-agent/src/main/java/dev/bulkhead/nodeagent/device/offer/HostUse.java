package dev.bulkhead.nodeagent.device.offer;

import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import java.util.Map;

/// What the node itself needs, and for what, in words that go on after "it": `holds / (sda1)`.
///
/// @param usb by port
public record HostUse(Map<PciAddress, String> functions, Map<String, String> usb) {}
