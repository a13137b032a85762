package dev.bulkhead.nodeagent.device.health;

import dev.bulkhead.nodeagent.device.claim.Prepared;
import dev.bulkhead.nodeagent.device.claim.Prepared.PreparedDevice;
import dev.bulkhead.nodeagent.device.offer.Offer;
import dev.bulkhead.nodeagent.device.offer.Offered;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// How a device that the node gives or gave away is doing. One that is claimed and is gone from the
/// node, and one that has failed, is unhealthy; of one that is claimed and would not be given away
/// any more, nobody knows, since what the node keeps is not looked after.
///
/// @param device its name in the node's pool
/// @param why null for a healthy one
public record DeviceHealth(String device, State state, String why) {
  public enum State {
    HEALTHY,
    UNHEALTHY,
    UNKNOWN
  }

  /// Looks whether what a claim was given is still there.
  @FunctionalInterface
  public interface Presence {
    /// What is not, as people name it; empty if all is there.
    Optional<String> missing(Offer.Source source);
  }

  /// Of all devices that are offered or claimed, by name.
  ///
  /// @param claims that have something of this node
  public static List<DeviceHealth> of(Offered offered, List<Prepared> claims, Presence presence) {
    var all = new TreeMap<String, DeviceHealth>();
    offered.offers().forEach(offer -> all.put(offer.name(), of(offer)));
    claims.stream()
        .filter(Prepared::ready)
        .flatMap(claim -> claim.devices().stream())
        .forEach(device -> all.put(device.name(), of(device, all, presence)));
    return List.copyOf(all.values());
  }

  private static DeviceHealth of(Offer offer) {
    return offer.fault() == null
        ? new DeviceHealth(offer.name(), State.HEALTHY, null)
        : new DeviceHealth(offer.name(), State.UNHEALTHY, offer.fault());
  }

  private static DeviceHealth of(
      PreparedDevice device, Map<String, DeviceHealth> offers, Presence presence) {
    var missing = presence.missing(device.source());
    if (missing.isPresent()) {
      return new DeviceHealth(
          device.name(), State.UNHEALTHY, missing.get() + " is not on this node any more");
    }
    var offer = offers.get(device.name());
    return offer == null
        ? new DeviceHealth(
            device.name(), State.UNKNOWN, "this node would not give it away any more")
        : offer;
  }
}
