package dev.bulkhead.nodeagent.device.claim;

/// A ResourceClaim. Its name may be another's one day, its UID never.
public record ClaimRef(String namespace, String name, String uid) {
  @Override
  public String toString() {
    return "ResourceClaim %s/%s".formatted(namespace, name);
  }
}
