package dev.bulkhead.operator.leadership;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaderElectionRecord;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.function.LongSupplier;

/// A Lease that ages from when this process saw it change, not from the time that its holder wrote
/// into it: the clocks of two nodes need not agree. That is how client-go's leader election tells
/// time; Fabric8's elector believes the written time, and takes a lease from a holder whose clock
/// is behind, or leaves a dead holder's alone for as long as that one's was ahead.
///
/// All times here are of one clock that is never set (`System.nanoTime`). A holder counts from
/// before its write and the others from after it, so that its time is over before theirs begins.
final class ObservedLease extends LeaseLock {
  private final Duration length;
  private final LongSupplier nanos;
  private final Runnable gained;

  private LeaderElectionRecord seen;
  private long seenAt;
  private boolean everRenewed;
  private volatile long heldUntil;

  /// @param gained runs after a write that makes this process the holder, or makes it so again
  ///     after its time had run out
  ObservedLease(
      String namespace,
      String name,
      String identity,
      Duration length,
      LongSupplier nanos,
      Runnable gained) {
    super(namespace, name, identity);
    this.length = length;
    this.nanos = nanos;
    this.gained = gained;
    this.heldUntil = nanos.getAsLong();
  }

  boolean held() {
    return heldUntil - nanos.getAsLong() > 0;
  }

  /// The record as it stands there, but for the time: that is on this machine's clock.
  @Override
  public synchronized LeaderElectionRecord get(KubernetesClient client) {
    var record = super.get(client);
    if (record == null) {
      return null;
    }
    if (!record.equals(seen)) {
      seen = record;
      seenAt = nanos.getAsLong();
    }
    var age = Duration.ofNanos(nanos.getAsLong() - seenAt);
    return record.toBuilder()
        .leaseDuration(length)
        .renewTime(ZonedDateTime.now(ZoneOffset.UTC).minus(age))
        .build();
  }

  @Override
  public synchronized void create(KubernetesClient client, LeaderElectionRecord record) {
    renew(() -> super.create(client, record));
  }

  @Override
  public synchronized void update(KubernetesClient client, LeaderElectionRecord record) {
    renew(() -> super.update(client, record));
  }

  private void renew(Runnable write) {
    var before = nanos.getAsLong();
    write.run();
    var news = !everRenewed || !held();
    everRenewed = true;
    heldUntil = before + length.toNanos();
    if (news) {
      gained.run();
    }
  }
}
