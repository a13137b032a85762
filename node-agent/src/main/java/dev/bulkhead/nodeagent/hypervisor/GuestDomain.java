package dev.bulkhead.nodeagent.hypervisor;

import dev.bulkhead.nodeagent.domain.HostDevice;
import dev.bulkhead.nodeagent.pod.PodUid;
import java.util.List;

/// What the hypervisor knows of one guest.
///
/// @param pid of its QEMU, in the node's pid namespace; 0 while `CHANGING`
/// @param devices of the node that it has, without their settings; none while `CHANGING`
public record GuestDomain(String name, PodUid pod, State state, int pid, List<HostDevice> devices) {

  public boolean has(HostDevice device) {
    return devices.stream().anyMatch(attached -> attached.id().equals(device.id()));
  }

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
