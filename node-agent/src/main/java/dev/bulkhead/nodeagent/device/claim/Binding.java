package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import java.io.IOException;
import java.util.List;

/// Takes devices from the host, and gives them back. A port. Both may be asked for again after any
/// failure, or after nothing was left to do.
public interface Binding {
  /// What there is of a device once it is taken.
  ///
  /// @param nodes what a program that uses the device opens, in `/dev`
  record Taken(List<String> nodes) {}

  /// Makes it ready for a guest: made, if it is a virtual function or a mediated device, and bound
  /// to vfio-pci.
  ///
  /// @throws IOException with what is in the way, in words that go on after the device's name
  Taken take(Source source, DeviceSettings settings) throws IOException;

  /// Resets it and lets its former driver have it.
  ///
  /// @throws IOException if it cannot be given back; then it should not be offered
  void giveBack(Source source) throws IOException;
}
