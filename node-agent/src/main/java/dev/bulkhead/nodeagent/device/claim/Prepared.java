package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.nodeagent.device.claim.Allocation.Given;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import java.util.List;

/// What a claim has of a node.
///
/// @param ready false from when it is begun until all of it is done, and again from when it is
///     asked back
/// @param recipient null unless it is for a guest that runs already
public record Prepared(
    ClaimRef claim, boolean ready, List<PreparedDevice> devices, Recipient recipient) {

  /// A guest that ran before the claim was made for it.
  ///
  /// @param pod uid of the VM's pod
  /// @param entry of the VM's spec
  public record Recipient(String pod, String entry) {}

  /// One device of it.
  ///
  /// @param request of the claim
  /// @param name of the offer
  /// @param nodes files in `/dev`; none before it is ready
  /// @param guest how a VM's guest is to see it
  /// @param before what is put back when it is given back; null for nothing
  public record PreparedDevice(
      String request,
      String name,
      Source source,
      List<String> nodes,
      DeviceSettings.Guest guest,
      Binding.Bar before) {
    public PreparedDevice {
      guest = guest == null ? DeviceSettings.Guest.NONE : guest; // written by an older agent
    }

    PreparedDevice taken(List<String> files) {
      return new PreparedDevice(request, name, source, files, guest, before);
    }
  }

  Prepared made(List<PreparedDevice> taken) {
    return new Prepared(claim, true, List.copyOf(taken), recipient);
  }

  Prepared askedBack() {
    return new Prepared(claim, false, devices, recipient);
  }

  static PreparedDevice intended(Given given, Source source, Binding.Bar before) {
    return new PreparedDevice(
        given.request(), given.device(), source, List.of(), given.settings().guest(), before);
  }

  static Prepared intended(Allocation allocation, List<PreparedDevice> devices) {
    return new Prepared(allocation.claim(), false, List.copyOf(devices), allocation.recipient());
  }
}
