package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain;
import dev.bulkhead.nodeagent.pod.VmPod;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/// Decides what is said of a guest. What passes in a moment is not worth a write, so waiting and
/// stopping are reported only once they last; how a guest ended is the keeper's to tell.
final class GuestStatus {

  /// Shared with the operator, which keeps quiet about transient states for as long.
  static final Duration WORTH_SAYING = Duration.ofSeconds(3);

  private GuestStatus() {}

  /// Of a guest that is as its plan says. Null when there is nothing to say.
  ///
  /// @param trouble with devices, which does not keep it from running; null for none
  static GuestReport of(
      GuestFacts facts, GuestPlan plan, String trouble, GuestReport.Accelerator accelerator) {
    return switch (plan) {
      case GuestPlan.Keep _ ->
          up(
              facts,
              facts.domain().state() == GuestDomain.State.RUNNING ? State.Running : State.Paused,
              accelerator,
              trouble);
      case GuestPlan.AwaitSpace _ ->
          up(
              facts,
              State.OutOfSpace,
              accelerator,
              "a file system below the guest's disks is full, so its vCPUs are halted and nothing is"
                  + " lost. Make room on the node; the guest then goes on by itself");
      case GuestPlan.PressPowerButton _
          when lasts(facts.pod().deletion().requested(), facts.now()) ->
          up(
              facts,
              State.Stopping,
              accelerator,
              "the guest was asked to shut down; its power is cut at "
                  + GuestPlanner.powerOffAt(facts));
      case GuestPlan.Wait wait when facts.pod() != null ->
          delayed(facts.pod(), facts.bootedAt(), facts.now(), wait.message());
      default -> null;
    };
  }

  private static GuestReport up(
      GuestFacts facts, State state, GuestReport.Accelerator accelerator, String message) {
    return new GuestReport(
        GuestReport.FORMAT,
        state,
        bootTime(facts.bootedAt()),
        accelerator,
        message,
        devices(facts));
  }

  private static List<GuestReport.Device> devices(GuestFacts facts) {
    return facts.wanted() == null
        ? saidBefore(facts)
        : facts.wanted().given().stream()
            .filter(device -> device.isIn(facts.domain()))
            .flatMap(GuestDevices.Given::reported)
            .toList();
  }

  /// What cannot be told now has not changed.
  private static List<GuestReport.Device> saidBefore(GuestFacts facts) {
    return Optional.ofNullable(facts.pod().reported())
        .flatMap(GuestReport::parse)
        .map(GuestReport::devices)
        .orElse(null);
  }

  /// Of a guest that cannot be started for now. Null when there is nothing to say: a guest that has
  /// run goes on, whatever keeps the agent from seeing it.
  static GuestReport delayed(VmPod pod, Instant bootedAt, Instant now, String message) {
    return bootedAt == null && lasts(pod.keeperStarted(), now)
        ? new GuestReport(GuestReport.FORMAT, State.Starting, null, null, message, null)
        : null;
  }

  private static boolean lasts(Instant since, Instant now) {
    return since != null && !now.isBefore(since.plus(WORTH_SAYING));
  }

  private static String bootTime(Instant bootedAt) {
    return bootedAt == null ? null : bootedAt.truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
