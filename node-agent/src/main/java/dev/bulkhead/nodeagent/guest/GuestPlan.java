package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.nodeagent.domain.HostDevice;

/// The one next step for a guest.
sealed interface GuestPlan {

  /// Nothing of it is on this node, and nothing should be.
  record Nothing() implements GuestPlan {}

  /// Nothing to do until something happens.
  ///
  /// @param message what is waited for, in words
  record Wait(String message) implements GuestPlan {}

  /// Prepare files and mounts, and create the domain with its vCPUs halted.
  record Launch() implements GuestPlan {}

  /// Put QEMU into the pod's cgroup and its tap into the pod's network.
  record Join() implements GuestPlan {}

  record Resume() implements GuestPlan {}

  record Pause() implements GuestPlan {}

  /// Give it a device that it should have.
  record Attach(HostDevice device) implements GuestPlan {}

  /// Ask it to let go of a device that it should have no longer.
  record Detach(HostDevice device) implements GuestPlan {}

  /// It is as it should be.
  record Keep() implements GuestPlan {}

  record PressPowerButton() implements GuestPlan {}

  /// Its vCPUs are halted until a file system below its disks has room again.
  record AwaitSpace() implements GuestPlan {}

  /// Write down how it ended, for its QEMU still has to be destroyed.
  record GiveUp(GuestEnd end) implements GuestPlan {}

  record Destroy() implements GuestPlan {}

  /// The domain is gone: tell the keeper how it ended.
  record End(GuestEnd end) implements GuestPlan {}

  /// Remove what the node still keeps of it.
  record CleanUp() implements GuestPlan {}
}
