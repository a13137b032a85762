package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import dev.bulkhead.operator.virtualmachine.Outcome.Refused;
import dev.bulkhead.operator.virtualmachine.Situation.EndRemembered;
import dev.bulkhead.operator.virtualmachine.Situation.Ended;
import dev.bulkhead.operator.virtualmachine.Situation.Leaving;
import dev.bulkhead.operator.virtualmachine.Situation.NameTaken;
import dev.bulkhead.operator.virtualmachine.Situation.NoPod;
import dev.bulkhead.operator.virtualmachine.Situation.Starting;
import dev.bulkhead.operator.virtualmachine.Situation.Unscheduled;
import dev.bulkhead.operator.virtualmachine.Situation.Up;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/// What a VM's state means to its user, and when to look again without being told.
///
/// @param settledAt when this is worth writing down: the past for a state that lasts or is news,
///     3 s after its begin for plain progress
/// @param recheckAt null when an event will tell
record Outlook(Phase phase, Reason reason, String message, Instant settledAt, Instant recheckAt) {
  /// A start takes about as long where all goes well; saying less costs no API writes.
  private static final Duration PROGRESS = Duration.ofSeconds(3);

  /// Nothing tells when kubelet's events about a stuck pod change.
  private static final Duration STUCK_RECHECK = Duration.ofSeconds(5);

  /// The net under watches, for causes that are not watched.
  private static final Duration REFUSED_RECHECK = Duration.ofSeconds(15);

  /// Kubelet confirms a deletion within a second or two of the grace period's end.
  private static final Duration DELETION_SLACK = Duration.ofSeconds(15);

  /// Well-kept clocks differ by less.
  private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(1);

  static Outlook of(
      VirtualMachine vm,
      VirtualMachineFacts facts,
      Situation situation,
      Optional<RestartRecord> restart,
      Outcome outcome) {
    var now = facts.now();
    if (outcome instanceof Refused(var reason, var message)) {
      return news(Phase.Pending, reason, message, now).recheckAfter(REFUSED_RECHECK, now);
    }
    return switch (situation) {
      case NoPod() -> noPod(vm, now);
      case Ended _, EndRemembered _ ->
          vm.getSpec().getPower() == Power.Stopped
              ? stopped(now)
              : ended(restart.orElseThrow(), now);
      case NameTaken(var pod) -> nameTaken(pod, now);
      case Leaving(var pod) -> leaving(vm, pod, now);
      case Unscheduled(var pod) -> unscheduled(pod, facts);
      case Starting(var pod) -> starting(pod, facts);
      case Up(var pod, var report) -> up(pod, report, now);
    };
  }

  private static Outlook noPod(VirtualMachine vm, Instant now) {
    return vm.getSpec().getPower() == Power.Stopped
        ? stopped(now)
        : progress(Phase.Pending, "its pod is being created", now, now);
  }

  private static Outlook stopped(Instant now) {
    return news(
        Phase.Stopped,
        Reason.Stopped,
        "spec.power is Stopped: set it to Running to start the VM",
        now);
  }

  private static Outlook ended(RestartRecord record, Instant now) {
    var end = record.end();
    var startFailed = end.cause() == GuestEnd.Cause.StartFailed;
    if (record.nextStart() == null) {
      return news(
          end.cause() == GuestEnd.Cause.PoweredOff ? Phase.Stopped : Phase.Failed,
          Reason.valueOf(end.cause().name()),
          end.message()
              + "; spec.restartPolicy leaves it so. To start it again, set spec.power to Stopped"
              + " and back to Running",
          now);
    }
    var when = record.due(now) ? "now" : "at " + record.nextStart();
    return new Outlook(
        startFailed ? Phase.Failed : Phase.Pending,
        startFailed ? Reason.StartFailed : Reason.BackOff,
        end.message()
            + (startFailed
                ? "; it is tried again " + when + ", and at once when the spec changes"
                : "; it is started again " + when),
        now,
        record.nextStart());
  }

  private static Outlook nameTaken(VmPod pod, Instant now) {
    var previous =
        pod.controller().filter(owner -> owner.getKind().equals("VirtualMachine")).isPresent();
    return previous
        ? news(Phase.Pending, Reason.PreviousPodTerminating, Words.previousPod(pod), now)
        : news(Phase.Pending, Reason.NameTaken, Words.nameTaken(pod), now);
  }

  private static Outlook leaving(VirtualMachine vm, VmPod pod, Instant now) {
    var overdueAt = pod.deletionDeadline().orElseThrow().plus(DELETION_SLACK);
    if (pod.node().isPresent() && (pod.nodeSilent() || !overdueAt.isAfter(now))) {
      return news(Phase.Stopping, Reason.NodeNotResponding, Words.nodeNotResponding(pod), now);
    }
    var why =
        vm.getSpec().getPower() == Power.Stopped
            ? "spec.power is Stopped"
            : "its pod was deleted; the VM is started again when the pod is gone";
    return new Outlook(
        Phase.Stopping, Reason.Stopping, "the guest is being shut down: " + why, now, overdueAt);
  }

  /// Nothing tells when other VMs give devices back.
  private static Outlook unscheduled(VmPod pod, VirtualMachineFacts facts) {
    var now = facts.now();
    if (!facts.shortages().isEmpty()) {
      var message = Words.noDevices(pod.unschedulable(), facts.shortages());
      return news(Phase.Pending, Reason.DeviceUnavailable, message, now)
          .recheckAfter(REFUSED_RECHECK, now);
    }
    var outlook =
        pod.unschedulable()
            .map(
                cause -> news(Phase.Pending, Reason.Unschedulable, Words.unschedulable(cause), now))
            .orElseGet(
                () -> progress(Phase.Pending, "waiting for the scheduler", pod.createdAt(), now));
    return pod.claims().isEmpty() ? outlook : outlook.recheckAfter(STUCK_RECHECK, now);
  }

  private static Outlook starting(VmPod pod, VirtualMachineFacts facts) {
    var now = facts.now();
    if (pod.keeperStarted()) {
      var node = pod.node().orElseThrow();
      return pod.report()
          .map(
              report ->
                  news(Phase.Starting, Reason.StartDelayed, Words.startDelayed(node, report), now))
          .orElseGet(
              () ->
                  progress(
                      Phase.Starting,
                      "waiting for the node agent of " + node,
                      pod.createdAt(),
                      now));
    }
    return facts
        .trouble()
        .map(trouble -> news(Phase.Pending, trouble.reason(), Words.trouble(trouble, pod), now))
        .orElseGet(
            () ->
                progress(
                    Phase.Starting,
                    pod.node().orElseThrow() + " is preparing images and volumes",
                    pod.createdAt(),
                    now))
        .recheckAfter(STUCK_RECHECK, now);
  }

  private static Outlook up(VmPod pod, GuestReport report, Instant now) {
    return switch (report.state()) {
      case Running -> running(pod, report, now);
      case Paused -> news(Phase.Paused, Reason.Paused, orElse(report, "its vCPUs are halted"), now);
      case OutOfSpace ->
          news(
              Phase.Paused,
              Reason.OutOfSpace,
              orElse(report, "a file system below its disks is full"),
              now);
      case Stopping ->
          news(Phase.Stopping, Reason.Stopping, orElse(report, "the guest is shutting down"), now);
      case Unknown ->
          pod.ready()
              ? running(pod, report, now)
              : news(Phase.Paused, Reason.UnknownState, Words.unknownState(pod), now);
      case Starting -> throw new IllegalArgumentException("not up: " + report);
    };
  }

  /// Between the agent's report and kubelet's Ready there is a moment.
  private static Outlook running(VmPod pod, GuestReport report, Instant now) {
    if (pod.nodeSilent()) {
      return news(Phase.Running, Reason.NodeNotResponding, Words.nodeNotResponding(pod), now);
    }
    return pod.ready()
        ? news(Phase.Running, Reason.Running, orElse(report, how(pod, report)), now)
        : progress(
            Phase.Starting,
            "waiting for kubelet of " + pod.node().orElseThrow() + " to call the pod ready",
            pod.readinessChangedAt(),
            now);
  }

  private static String how(VmPod pod, GuestReport report) {
    var where = "runs on " + pod.node().orElseThrow() + Words.has(report.devices());
    return report.accelerator() == GuestReport.Accelerator.TCG
        ? where + " under emulation (TCG), slowly: that node cannot use KVM"
        : where;
  }

  private static String orElse(GuestReport report, String message) {
    return Objects.requireNonNullElse(report.message(), message);
  }

  private static Outlook news(Phase phase, Reason reason, String message, Instant now) {
    return new Outlook(phase, reason, message, now, null);
  }

  private static Outlook progress(Phase phase, String message, Instant since, Instant now) {
    var settledAt = clocksDiffer(since, now) ? now : since.plus(PROGRESS);
    return new Outlook(
        phase, Reason.Starting, message, settledAt, settledAt.isAfter(now) ? settledAt : null);
  }

  /// Times in a pod are of the API server's and the node's clocks. What seems to come is told at
  /// once, for waiting could take as long as the clocks are apart.
  static boolean clocksDiffer(Instant since, Instant now) {
    return since.isAfter(now.plus(CLOCK_TOLERANCE));
  }

  /// The same for a VM whose devices were refused, which is tried again.
  Outlook after(Outcome devices, VirtualMachineFacts facts) {
    return devices instanceof Refused ? recheckAfter(REFUSED_RECHECK, facts.now()) : this;
  }

  private Outlook recheckAfter(Duration delay, Instant now) {
    var at = now.plus(delay);
    return new Outlook(
        phase,
        reason,
        message,
        settledAt,
        recheckAt == null || recheckAt.isAfter(at) ? at : recheckAt);
  }
}
