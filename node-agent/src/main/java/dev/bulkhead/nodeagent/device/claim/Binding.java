package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import java.io.IOException;
import java.util.List;

/// Takes devices from the host, and gives them back. A port. All may be asked for again after any
/// failure, or after nothing was left to do.
public interface Binding {
  /// What there is of a device once it is taken.
  ///
  /// @param nodes what a program that uses the device opens, in `/dev`
  record Taken(List<String> nodes) {}

  /// A resizable BAR and its size.
  ///
  /// @param number of the BAR in its function
  /// @param size as the kernel numbers sizes: n is 2^n MiB
  record Bar(PciAddress function, int number, int size) {}

  /// Looks whether it can be taken, and touches nothing.
  ///
  /// @return what is to be put back when it is given back; null for nothing
  /// @throws IOException with what is in the way, in words that go on after the device's name
  Bar look(Source source, DeviceSettings settings) throws IOException;

  /// Makes it ready for a guest: made, if it is a virtual function or a mediated device, its BAR
  /// sized, and bound to vfio-pci.
  ///
  /// @throws IOException with what is in the way, in words that go on after the device's name
  Taken take(Source source, DeviceSettings settings) throws IOException;

  /// Resets it and lets its former driver have it.
  ///
  /// @param before what was to be put back; null for nothing
  /// @throws IOException if it cannot be given back; then it should not be offered
  void giveBack(Source source, Bar before) throws IOException;
}
