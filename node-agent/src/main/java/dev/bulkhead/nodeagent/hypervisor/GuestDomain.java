package dev.bulkhead.nodeagent.hypervisor;

import dev.bulkhead.nodeagent.pod.PodUid;

/// What the hypervisor knows of one guest.
///
/// @param pid of its QEMU, in the node's pid namespace
public record GuestDomain(String name, PodUid pod, State state, int pid) {

  /// How its vCPUs are.
  public enum State {
    RUNNING,
    /// Halted by a wish, or not yet started.
    PAUSED
  }
}
