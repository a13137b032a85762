package dev.bulkhead.operator.leadership;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.Objects;
import java.util.function.LongSupplier;

/// Decides what one replica may conclude from a Lease: whether it leads, and whether it may write
/// its name into it. Never reads or writes one.
///
/// A Lease ages from when this process saw it change, not from the time that its holder wrote into
/// it: the clocks of two nodes need not agree. All times here are of one clock that is never set
/// (`System.nanoTime`). A holder counts from before its write and the others from after it, so its
/// time is over before theirs begins.
final class Candidacy {
  private final String identity;
  private final Duration length;
  private final LongSupplier nanos;

  private String seenVersion = "";
  private long seenAt;
  private volatile long heldUntil;

  /// @param length what this replica promises when it holds the Lease, in whole seconds
  Candidacy(String identity, Duration length, LongSupplier nanos) {
    this.identity = identity;
    this.length = length;
    this.nanos = nanos;
    this.heldUntil = nanos.getAsLong();
  }

  boolean held() {
    return heldUntil - nanos.getAsLong() > 0;
  }

  /// Whether the Lease, as just read, may be written by this replica.
  boolean mayClaim(Lease lease) {
    var now = nanos.getAsLong();
    if (!lease.getMetadata().getResourceVersion().equals(seenVersion)) {
      seenVersion = lease.getMetadata().getResourceVersion();
      seenAt = now;
    }
    var holder = Objects.requireNonNullElse(lease.getSpec().getHolderIdentity(), "");
    if (holder.equals(identity)) {
      return true;
    }
    heldUntil = now;
    return holder.isEmpty() || now - seenAt >= promised(lease).toNanos();
  }

  /// By its holder, which may be of another release.
  private Duration promised(Lease lease) {
    var seconds = lease.getSpec().getLeaseDurationSeconds();
    return seconds == null ? length : Duration.ofSeconds(seconds);
  }

  /// The Lease with this replica's name in it, of the same version.
  ///
  /// @param wallTime for people to read; nothing is concluded from it
  Lease claimed(Lease lease, ZonedDateTime wallTime) {
    var spec = lease.getSpec();
    var mine = identity.equals(spec.getHolderIdentity());
    var transitions = Objects.requireNonNullElse(spec.getLeaseTransitions(), 0);
    return new LeaseBuilder(lease)
        .editSpec()
        .withHolderIdentity(identity)
        .withLeaseDurationSeconds((int) length.toSeconds())
        .withAcquireTime(mine ? spec.getAcquireTime() : wallTime)
        .withRenewTime(wallTime)
        .withLeaseTransitions(mine ? transitions : transitions + 1)
        .endSpec()
        .build();
  }

  /// The Lease was written with this replica's name in it.
  ///
  /// @param before when that was begun, in the nanoseconds of this clock
  /// @return whether leadership is gained by it
  boolean wrote(long before) {
    var led = held();
    heldUntil = before + length.toNanos();
    return !led && held();
  }
}
