package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.nodeagent.device.claim.Prepared.PreparedDevice;
import dev.bulkhead.nodeagent.device.claim.Prepared.Recipient;
import java.util.Optional;

/// A node without any.
public final class NoGuests implements Preparer.Guests {
  @Override
  public void give(Recipient recipient) {}

  @Override
  public Optional<String> askBack(PreparedDevice device) {
    return Optional.empty();
  }
}
