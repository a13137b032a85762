package dev.bulkhead.nodeagent.pod;

import java.util.UUID;

/// The uid of a VM's pod: one life of one guest. It names directories and devices, so only the form
/// that the API server gives out is accepted.
public record PodUid(String value) {
  public PodUid {
    if (!UUID.fromString(value).toString().equals(value)) {
      throw new IllegalArgumentException("not a pod uid: " + value);
    }
  }

  /// Without the dashes.
  public String hex() {
    return value.replace("-", "");
  }

  @Override
  public String toString() {
    return value;
  }
}
