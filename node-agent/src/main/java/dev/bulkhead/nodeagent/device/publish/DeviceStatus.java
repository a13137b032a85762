package dev.bulkhead.nodeagent.device.publish;

import dev.bulkhead.crds.DevicesMessage;
import dev.bulkhead.nodeagent.device.offer.Offered;
import dev.bulkhead.nodeagent.device.offer.Offered.Withheld;
import java.util.TreeMap;

/// What a node says of its devices to people: how many it gives away, and of each that it keeps,
/// why.
///
/// @param gives whether there is any that it gives away
public record DeviceStatus(boolean gives, String message) {
  /// Of a node with hundreds of functions; what is beyond is counted.
  private static final int NAMED = 100;

  /// Null for a node of which nothing was asked: it neither gives nor is allowed to.
  public static DeviceStatus of(Offered offered, boolean allowedAny) {
    if (!allowedAny) {
      return null;
    }
    var failed = new TreeMap<String, String>();
    offered.offers().stream()
        .filter(offer -> offer.fault() != null)
        .forEach(offer -> failed.put(offer.name(), offer.fault()));
    var message =
        new DevicesMessage(
            "gives away " + devices(offered.offers().size()),
            failed,
            offered.withheld().stream().limit(NAMED).map(Withheld::toString).toList(),
            Math.max(0, offered.withheld().size() - NAMED));
    return new DeviceStatus(!offered.offers().isEmpty(), message.text());
  }

  private static String devices(int count) {
    return switch (count) {
      case 0 -> "no device";
      case 1 -> "1 device";
      default -> count + " devices";
    };
  }
}
