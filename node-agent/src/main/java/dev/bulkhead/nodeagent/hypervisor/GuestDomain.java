package dev.bulkhead.nodeagent.hypervisor;

import dev.bulkhead.nodeagent.pod.PodUid;

/// What the hypervisor knows of one guest.
///
/// @param pid of its QEMU, in the node's pid namespace; 0 while `CHANGING`
public record GuestDomain(String name, PodUid pod, State state, int pid) {

  /// How its vCPUs are, and why.
  public enum State {
    RUNNING,
    /// Halted by a wish, or not yet started.
    PAUSED,
    /// Halted by QEMU: the guest wrote to a disk, and the file system below it is full.
    OUT_OF_SPACE,
    /// Halted by QEMU: the guest has stopped to feed its watchdog.
    HUNG,
    /// The hypervisor is still starting it, or clearing it away.
    CHANGING
  }
}
