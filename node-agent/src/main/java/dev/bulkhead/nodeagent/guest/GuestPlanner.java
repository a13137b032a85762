package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain.State;
import dev.bulkhead.nodeagent.keeper.Exit;
import dev.bulkhead.nodeagent.pod.VmPod;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/// Decides the next step for a guest. It wants nothing of its own: the pod says what should be, and
/// what the guest did by itself is accepted as it is.
final class GuestPlanner {

  /// Power is taken away this long before kubelet kills the pod, so that the end can still be told.
  private static final Duration RESERVE = Duration.ofSeconds(2);

  private GuestPlanner() {}

  static GuestPlan plan(GuestFacts facts) {
    if (facts.domain() != null && facts.domain().state() == State.CHANGING) {
      return new GuestPlan.Wait("waiting for libvirt to start the guest or to clear it away");
    }
    if (facts.pod() == null || facts.pod().ended()) {
      return tidy(facts);
    }
    if (facts.keeper() == null) {
      return withoutKeeper(facts);
    }
    if (facts.end() != null) {
      return facts.domain() == null ? new GuestPlan.End(facts.end()) : new GuestPlan.Destroy();
    }
    if (facts.pod().deletion() != null) {
      return stop(facts);
    }
    return facts.domain() == null ? start(facts) : follow(facts, facts.domain());
  }

  /// A domain is only ever started for a keeper that runs, so this one's was killed. The container
  /// runtime cannot clear the container away while QEMU is in its cgroup, and kubelet would wait
  /// for that without end.
  private static GuestPlan withoutKeeper(GuestFacts facts) {
    return facts.domain() == null
        ? new GuestPlan.Wait("waiting for the pod's container to run")
        : new GuestPlan.Destroy();
  }

  private static GuestPlan tidy(GuestFacts facts) {
    if (facts.domain() != null) {
      return new GuestPlan.Destroy();
    }
    return facts.leftovers() ? new GuestPlan.CleanUp() : new GuestPlan.Nothing();
  }

  private static GuestPlan start(GuestFacts facts) {
    if (facts.bootedAt() != null) {
      return new GuestPlan.End(endOfRun(facts));
    }
    if (facts.pod().guest() == null) {
      return new GuestPlan.End(new GuestEnd(Exit.START_FAILED, notUnderstood(facts.pod())));
    }
    return facts.nameTaken()
        ? new GuestPlan.Wait("waiting for this VM's former guest to be gone from the node")
        : new GuestPlan.Launch();
  }

  private static String notUnderstood(VmPod pod) {
    return pod.guestFormat() > GuestSpec.FORMAT
        ? "this guest needs guest format "
            + pod.guestFormat()
            + ", and its node's agent is older and knows formats up to "
            + GuestSpec.FORMAT
            + ", so it is not started rather than started wrong. Bring operator and node agent to"
            + " the same version: finish the helm upgrade, or roll it back"
        : "the node agent does not understand the annotation "
            + Contract.GUEST_ANNOTATION
            + " of this pod: bring operator and node agent to the same version";
  }

  private static GuestEnd endOfRun(GuestFacts facts) {
    return switch (facts.lastEnding()) {
      case POWERED_OFF -> new GuestEnd(Exit.POWERED_OFF, "the guest powered itself off");
      case DESTROYED ->
          new GuestEnd(
              Exit.CRASHED, "the guest was powered off on the node, not through Kubernetes");
      case CRASHED ->
          new GuestEnd(
              Exit.CRASHED,
              facts.ranOutOfMemory()
                  ? "the guest's QEMU was killed by the kernel: the memory of its pod or node ran out"
                  : "the guest crashed: its QEMU process died or was killed, or its kernel panicked");
      case UNKNOWN ->
          new GuestEnd(Exit.CRASHED, "the guest's QEMU process is gone, for an unknown reason");
    };
  }

  private static GuestPlan follow(GuestFacts facts, GuestDomain domain) {
    if (!Objects.equals(facts.joinedPid(), domain.pid())) {
      return new GuestPlan.Join();
    }
    return switch (domain.state()) {
      case RUNNING -> facts.pod().paused() ? new GuestPlan.Pause() : devices(facts);
      case PAUSED -> facts.pod().paused() ? new GuestPlan.Keep() : new GuestPlan.Resume();
      case OUT_OF_SPACE -> facts.pod().paused() ? new GuestPlan.Keep() : awaitSpace(facts);
      case HUNG ->
          new GuestPlan.GiveUp(
              new GuestEnd(
                  Exit.CRASHED, "the guest hung: it stopped feeding its watchdog, and was ended"));
      case CHANGING -> throw new IllegalArgumentException("nothing is known of " + domain);
    };
  }

  /// Only of a guest that runs: one that is halted cannot let go of anything. What is to go goes
  /// first, for it may be in the place of what is to come.
  private static GuestPlan devices(GuestFacts facts) {
    if (facts.wanted() == null) {
      return new GuestPlan.Keep();
    }
    var wanted = facts.wanted();
    var domain = facts.domain();
    return domain.devices().stream()
        .filter(device -> !wanted.reserved().contains(device.id()))
        .filter(device -> !facts.troubled().contains(device.id()))
        .findFirst()
        .<GuestPlan>map(GuestPlan.Detach::new)
        .or(
            () ->
                wanted.given().stream()
                    .flatMap(GuestDevices.Given::inGuest)
                    .filter(device -> !domain.has(device))
                    .filter(device -> !facts.troubled().contains(device.id()))
                    .findFirst()
                    .map(GuestPlan.Attach::new))
        .orElseGet(GuestPlan.Keep::new);
  }

  private static GuestPlan awaitSpace(GuestFacts facts) {
    return facts.space() ? new GuestPlan.Resume() : new GuestPlan.AwaitSpace();
  }

  private static GuestPlan stop(GuestFacts facts) {
    var domain = facts.domain();
    if (domain == null) {
      return new GuestPlan.End(endOfStop(facts));
    }
    if (facts.bootedAt() == null || !facts.now().isBefore(powerOffAt(facts))) {
      return new GuestPlan.Destroy();
    }
    return switch (domain.state()) {
      case RUNNING -> new GuestPlan.PressPowerButton();
      case PAUSED -> new GuestPlan.Resume();
      case OUT_OF_SPACE -> awaitSpace(facts);
      case HUNG ->
          new GuestPlan.GiveUp(
              new GuestEnd(Exit.CRASHED, "the guest hung while it was shut down, and was ended"));
      case CHANGING -> throw new IllegalArgumentException("nothing is known of " + domain);
    };
  }

  private static GuestEnd endOfStop(GuestFacts facts) {
    if (facts.bootedAt() == null) {
      return new GuestEnd(Exit.POWERED_OFF, "the guest was never started");
    }
    return switch (facts.lastEnding()) {
      case POWERED_OFF -> new GuestEnd(Exit.POWERED_OFF, "the guest was shut down");
      case DESTROYED ->
          new GuestEnd(
              Exit.POWERED_OFF,
              "the guest did not shut down within its grace period and was powered off");
      case CRASHED, UNKNOWN ->
          new GuestEnd(Exit.CRASHED, "the guest crashed while it was shut down");
    };
  }

  /// Only for a pod that is being deleted.
  static Instant powerOffAt(GuestFacts facts) {
    return facts.pod().deletion().deadline().minus(RESERVE);
  }
}
