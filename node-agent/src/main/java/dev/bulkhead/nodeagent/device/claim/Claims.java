package dev.bulkhead.nodeagent.device.claim;

import java.io.IOException;

/// What claims were given. A port: the API server knows.
public interface Claims {
  /// What this claim was given of this node.
  ///
  /// @throws IOException if that cannot be known, or it was given nothing, or is gone by now
  Allocation allocation(ClaimRef claim) throws IOException;
}
