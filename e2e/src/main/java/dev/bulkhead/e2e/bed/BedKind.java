package dev.bulkhead.e2e.bed;

import java.util.List;

/// The beds that can stand side by side on one machine. All that one makes is named after it, so
/// that neither touches the other's.
enum BedKind {
  /// Two workers in containers, which share the kernel of this machine.
  CONTAINERS("bed", "bulkhead-", "bulkhead-bed", "dev.bulkhead.bed", "172.30.0."),

  /// One worker in a container, and one that is a machine of its own with an IOMMU and devices to
  /// give away, much slower.
  PASSTHROUGH(
      "passthrough", "bulkhead-pt-", "bulkhead-pt", "dev.bulkhead.passthrough", "172.30.1.");

  private final String state;
  private final String prefix;
  private final String network;
  private final String label;
  private final String addresses;

  BedKind(String state, String prefix, String network, String label, String addresses) {
    this.state = state;
    this.prefix = prefix;
    this.network = network;
    this.label = label;
    this.addresses = addresses;
  }

  /// The one that is named by `BULKHEAD_BED`.
  static BedKind ofEnvironment() {
    var name = System.getenv().getOrDefault("BULKHEAD_BED", CONTAINERS.state);
    for (var kind : values()) {
      if (kind.state.equals(name)) return kind;
    }
    throw new IllegalArgumentException(
        "BULKHEAD_BED is " + name + ", and must be one of " + List.of("bed", "passthrough"));
  }

  /// The folder in the cache for what one bed's life makes.
  String state() {
    return state;
  }

  String containerName(String machine) {
    return prefix + machine;
  }

  String network() {
    return network;
  }

  String label() {
    return label;
  }

  String subnet() {
    return address(0) + "/24";
  }

  String address(int host) {
    return addresses + host;
  }
}
