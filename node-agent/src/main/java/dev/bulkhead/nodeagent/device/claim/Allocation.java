package dev.bulkhead.nodeagent.device.claim;

import java.util.List;

/// What the scheduler gave a claim of this node's devices.
///
/// @param devices in the claim's order
/// @param recipient the guest that runs already and shall have them; null for none
public record Allocation(ClaimRef claim, List<Given> devices, Prepared.Recipient recipient) {

  /// One device of it.
  ///
  /// @param request of the claim that it answers; `request/alternative` where it was one of several
  /// @param device name of an offer
  /// @param settings from DeviceClass and claim, the claim's over the class's
  public record Given(String request, String device, DeviceSettings settings) {}
}
