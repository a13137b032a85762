package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.RestartPolicy;
import dev.bulkhead.crds.VirtualMachineStatus;
import dev.bulkhead.crds.VirtualMachineStatus.Restarts;
import dev.bulkhead.operator.virtualmachine.GuestEnd.Cause;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.Set;

/// What follows the end of a guest: whether and when it is started again. It stands in
/// `status.restarts` before anything is done about it, so that the count outlives pod and operator.
///
/// @param count starts after the first, the coming one included
/// @param nextStart null when it is not started again. It counts from when the end is first seen,
///     not from when the node says it was: the node's clock is another
record RestartRecord(int count, GuestEnd end, Instant nextStart) {
  /// Kubelet's CrashLoopBackOff: at once, then 10 s doubling up to 5 minutes, forgotten after
  /// 10 minutes of running.
  private static final Duration FIRST_DELAY = Duration.ofSeconds(10);

  private static final Duration LONGEST_DELAY = Duration.ofMinutes(5);
  private static final Duration FORGOTTEN_AFTER = Duration.ofMinutes(10);

  private static final Set<Reason> REASONS_OF_AN_END =
      Set.of(Reason.BackOff, Reason.StartFailed, Reason.PoweredOff, Reason.Crashed, Reason.Evicted);

  /// Empty when the guest has not ended.
  static Optional<RestartRecord> of(VirtualMachine vm, Situation situation, Instant now) {
    var before = vm.getStatus() == null ? null : vm.getStatus().getRestarts();
    var policy = vm.getSpec().getRestartPolicy();
    return switch (situation) {
      case Situation.Ended(var pod, var end) ->
          Optional.of(after(end, before, policy, movedSince(pod, vm), now));
      case Situation.EndRemembered(var record) ->
          Optional.of(after(record.end, before, policy, movedSinceStatus(vm), now));
      case Situation.NoPod _,
          Situation.NameTaken _,
          Situation.Leaving _,
          Situation.Unscheduled _,
          Situation.Starting _,
          Situation.Up _ ->
          Optional.empty();
    };
  }

  private static boolean movedSince(VmPod pod, VirtualMachine vm) {
    return !pod.madeFrom().differencesTo(MadeFrom.of(vm)).isEmpty();
  }

  private static boolean movedSinceStatus(VirtualMachine vm) {
    return !vm.getMetadata().getGeneration().equals(vm.getStatus().getObservedGeneration());
  }

  /// @param before what the status says so far, null for nothing
  /// @param specMoved the user changed the spec since: reason enough to try at once
  static RestartRecord after(
      GuestEnd end, Restarts before, RestartPolicy policy, boolean specMoved, Instant now) {
    var known = Optional.ofNullable(before).flatMap(RestartRecord::parse).filter(r -> r.isOf(end));
    var restart = specMoved || startsAgain(policy, end.cause());
    if (known.isPresent()) {
      return known.get().withNextStart(restart, specMoved, now);
    }
    if (!restart) {
      return new RestartRecord(countBefore(before, end), end, null);
    }
    var count = countBefore(before, end) + 1;
    return new RestartRecord(count, end, specMoved ? now : now.plus(delay(count)));
  }

  /// The end that a VM without a pod last came to, unless it was started or stopped since.
  static Optional<RestartRecord> remembered(VirtualMachineStatus status) {
    return status == null || status.getRestarts() == null
        ? Optional.empty()
        : Conditions.reason(status, ConditionType.Running)
            .filter(REASONS_OF_AN_END::contains)
            .flatMap(_ -> parse(status.getRestarts()));
  }

  static boolean tellsOf(GuestEnd end, VirtualMachineStatus status) {
    return remembered(status).filter(record -> record.isOf(end)).isPresent();
  }

  /// What stands in the status of a VM whose guest is up again.
  static Restarts withoutNextStart(Restarts restarts) {
    return Optional.ofNullable(restarts)
        .flatMap(RestartRecord::parse)
        .map(record -> new RestartRecord(record.count, record.end, null).toStatus())
        .orElse(null);
  }

  boolean due(Instant now) {
    return nextStart != null && !nextStart.isAfter(now);
  }

  /// A status of an older release names no pod; the time is then the best that there is to go by.
  private boolean isOf(GuestEnd other) {
    return end.pod() == null ? end.at().equals(other.at()) : end.pod().equals(other.pod());
  }

  /// A guest that never ran is tried again whatever the policy: nothing of it has ended.
  private static boolean startsAgain(RestartPolicy policy, Cause cause) {
    return switch (policy) {
      case Always -> true;
      case OnFailure -> cause != Cause.PoweredOff;
      case Never -> cause == Cause.StartFailed;
    };
  }

  private static int countBefore(Restarts before, GuestEnd end) {
    var forgotten = end.ranFor().compareTo(FORGOTTEN_AFTER) >= 0;
    return before == null || before.getCount() == null || forgotten ? 0 : before.getCount();
  }

  static Duration delay(int restart) {
    if (restart <= 1) {
      return Duration.ZERO;
    }
    var doublings = Math.min(restart - 2, 16);
    var delay = FIRST_DELAY.multipliedBy(1L << doublings);
    return delay.compareTo(LONGEST_DELAY) < 0 ? delay : LONGEST_DELAY;
  }

  /// A start once promised is kept, even if the policy has changed since. It may have been promised
  /// by another replica, whose clock was ahead: no wait is longer than its delay.
  private RestartRecord withNextStart(boolean restart, boolean specMoved, Instant now) {
    if (nextStart == null) {
      return new RestartRecord(count, end, restart ? now : null);
    }
    var latest = specMoved ? now : now.plus(delay(count));
    return new RestartRecord(count, end, earlier(nextStart, latest));
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }

  Restarts toStatus() {
    var restarts = new Restarts();
    restarts.setCount(count);
    restarts.setLastExitReason(end.cause().name());
    restarts.setLastExitMessage(end.message());
    restarts.setLastExitTime(end.at().toString());
    restarts.setLastExitPod(end.pod());
    restarts.setNextStartTime(nextStart == null ? null : nextStart.toString());
    return restarts;
  }

  /// Empty also for what only another version of this code can have written.
  private static Optional<RestartRecord> parse(Restarts restarts) {
    try {
      return Cause.named(restarts.getLastExitReason())
          .filter(_ -> restarts.getLastExitTime() != null)
          .map(cause -> parse(restarts, cause));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  private static RestartRecord parse(Restarts restarts, Cause cause) {
    var at = Instant.parse(restarts.getLastExitTime());
    var next = restarts.getNextStartTime();
    return new RestartRecord(
        restarts.getCount() == null ? 0 : restarts.getCount(),
        new GuestEnd(
            restarts.getLastExitPod(), cause, restarts.getLastExitMessage(), at, Duration.ZERO),
        next == null ? null : Instant.parse(next));
  }
}
