package dev.bulkhead.operator.virtualmachine;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;

/// How and when a guest's run ended.
///
/// @param pod UID of the pod it ran in. An end is that pod's: what kubelet tells of it may change
///     from one look to the next, time and cause included, and it is still the same end
/// @param message in words, for people
/// @param ranFor how long its vCPUs ran; zero when they never did, or nobody could say
record GuestEnd(String pod, Cause cause, String message, Instant at, Duration ranFor) {

  /// Also the reason of condition `Running` once nothing more will be tried.
  enum Cause {
    PoweredOff,
    Crashed,
    StartFailed,
    Evicted;

    /// Empty also for a cause that only another version of this code knows.
    static Optional<Cause> named(String name) {
      return Arrays.stream(values()).filter(cause -> cause.name().equals(name)).findFirst();
    }
  }
}
