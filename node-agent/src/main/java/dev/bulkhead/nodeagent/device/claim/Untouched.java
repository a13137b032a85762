package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import java.util.List;

/// Takes nothing and gives nothing back: for hardware that is only a record of another machine's.
public final class Untouched implements Binding {
  @Override
  public Bar look(Source source, DeviceSettings settings) {
    return null;
  }

  @Override
  public Taken take(Source source, DeviceSettings settings) {
    return new Taken(List.of());
  }

  @Override
  public void giveBack(Source source, Bar before) {}
}
