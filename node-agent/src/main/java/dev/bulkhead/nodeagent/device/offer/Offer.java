package dev.bulkhead.nodeagent.device.offer;

import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import java.util.List;
import java.util.SortedMap;

/// One device that a claim can have, whole.
///
/// @param name of the device in its node's pool; the same as long as the hardware stays where it is
/// @param capacity in bytes, or in pieces
/// @param draws what it takes from which counters
/// @param fault why nobody should get it now; null when nothing is known against it
public record Offer(
    String name,
    Kind kind,
    Source source,
    SortedMap<String, Value> attributes,
    SortedMap<String, Long> capacity,
    List<Draw> draws,
    String fault) {

  /// Where it comes from.
  public sealed interface Source {
    /// All endpoints of an IOMMU group, by address, which go together.
    record Group(List<PciAddress> functions) implements Source {}

    /// A virtual function, which need not exist yet.
    record VirtualFunction(PciAddress parent, int index, PciAddress address) implements Source {}

    /// A mediated device, which need not exist yet.
    record Mediated(PciAddress parent, String type, String uuid) implements Source {}

    record Usb(String port) implements Source {}
  }

  /// What a CEL expression can compare.
  public sealed interface Value {
    record Text(String text) implements Value {}

    record Whole(long number) implements Value {}

    record Flag(boolean flag) implements Value {}
  }

  /// What an offer takes of what it shares with others.
  ///
  /// @param set as in [Offered#counters()]
  public record Draw(String set, SortedMap<String, Long> counters) {}

  Offer drawing(List<Draw> instead) {
    return new Offer(name, kind, source, attributes, capacity, instead, fault);
  }
}
