package dev.bulkhead.nodeagent.guest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.nodeagent.domain.HostDevice;
import dev.bulkhead.nodeagent.domain.Specs;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain.State;
import dev.bulkhead.nodeagent.hypervisor.Hypervisor.Ending;
import dev.bulkhead.nodeagent.keeper.Exit;
import dev.bulkhead.nodeagent.keeper.Keeper;
import dev.bulkhead.nodeagent.pod.VmPod;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// One node with one VM's pod: kubelet, libvirt and the agent's files as plain fields, on which the
/// agent's steps act as the real ones do. Whatever must never happen fails here.
final class ModelNode {
  /// As in `GuestReconciler`.
  private static final int MAX_STEPS = 40;

  private static final Duration GRACE = Duration.ofSeconds(60);

  private Instant now = Facts.NOW;
  private boolean podExists = true;
  private boolean podEnded;
  private boolean paused;
  private boolean understood = true;
  private boolean imageIsBroken;
  private VmPod.Deletion deletion;

  private boolean keeperRuns;
  private boolean keeperDied;
  private Exit told;

  private State domain;
  private int pid;
  private boolean domainInPod;
  private boolean space = true;
  private boolean nameTaken;
  private Ending lastEnding = Ending.UNKNOWN;

  private Instant bootedAt;
  private GuestEnd end;
  private Integer joinedPid;
  private boolean leftovers;
  private final List<HostDevice> attached = new ArrayList<>();
  private List<GuestDevices.Given> given = List.of();
  private Set<String> reserved = Set.of();
  private boolean ranBefore;

  GuestFacts facts() {
    var pod =
        new VmPod(
            Specs.POD,
            "shop",
            "web",
            "11111111-2222-4333-8444-555555555555",
            understood ? GuestSpec.FORMAT : GuestSpec.FORMAT + 1,
            understood ? Specs.withKernel(null) : null,
            paused,
            deletion,
            podEnded,
            keeperRuns ? now : null,
            null,
            null,
            Map.of(),
            Set.of());
    return new GuestFacts(
        now,
        podExists ? pod : null,
        podExists && keeperRuns
            ? new Keeper(Specs.POD, 4711, Path.of("/proc/4711/root"), List.of())
            : null,
        domain == null
            ? null
            : new GuestDomain("shop.web", Specs.POD, domain, pid, List.copyOf(attached)),
        space,
        nameTaken && domain == null,
        bootedAt,
        podExists ? lastEnding : Ending.UNKNOWN,
        false,
        end,
        joinedPid,
        new GuestDevices.Wanted(given, reserved),
        Set.of(),
        leftovers);
  }

  /// A reconcile, to its end.
  GuestPlan agentLooks() {
    for (int step = 0; step < MAX_STEPS; step++) {
      var plan = agentTakesAStep();
      if (GuestReconciler.rests(plan)) {
        return plan;
      }
    }
    throw new AssertionError("no rest after " + MAX_STEPS + " steps: " + facts());
  }

  GuestPlan agentTakesAStep() {
    var plan = GuestPlanner.plan(facts());
    switch (plan) {
      case GuestPlan.Nothing _, GuestPlan.Wait _, GuestPlan.Keep _ -> {}
      case GuestPlan.AwaitSpace _ -> assertThat(domain).isEqualTo(State.OUT_OF_SPACE);
      case GuestPlan.GiveUp(var given) -> {
        assertThat(domain).isEqualTo(State.HUNG);
        end = given;
        leftovers = true;
      }
      case GuestPlan.PressPowerButton _ -> assertThat(domain).isEqualTo(State.RUNNING);
      case GuestPlan.Launch _ -> launch();
      case GuestPlan.Join _ -> {
        assertThat(domain).as("what is put into the pod").isNotNull();
        joinedPid = pid;
        domainInPod = true;
      }
      case GuestPlan.Resume _ -> {
        assertThat(domain).isIn(State.PAUSED, State.OUT_OF_SPACE);
        assertThat(domainInPod).as("in its pod before its vCPUs run").isTrue();
        bootedAt = bootedAt == null ? now : bootedAt;
        ranBefore = true;
        domain = State.RUNNING;
      }
      case GuestPlan.Attach(var device) -> {
        assertThat(domain).as("what is given a device").isEqualTo(State.RUNNING);
        assertThat(attached).doesNotContain(device);
        attached.add(device);
      }
      case GuestPlan.Detach(var device) -> {
        assertThat(domain).as("what is asked for a device").isEqualTo(State.RUNNING);
        assertThat(reserved).as("what it may keep").doesNotContain(device.id());
        assertThat(attached.remove(device)).isTrue();
      }
      case GuestPlan.Pause _ -> {
        assertThat(domain).isEqualTo(State.RUNNING);
        domain = State.PAUSED;
      }
      case GuestPlan.Destroy _ -> {
        assertThat(domain).as("what is destroyed").isNotNull();
        domainEnds(Ending.DESTROYED);
      }
      case GuestPlan.End(var told) -> end(told);
      case GuestPlan.CleanUp _ -> {
        assertThat(domain).as("a domain whose files are removed").isNull();
        assertThat(podExists && !podEnded).as("clean-up below a living pod").isFalse();
        leftovers = false;
        joinedPid = null;
        bootedAt = null;
        end = null;
      }
    }
    return plan;
  }

  private void launch() {
    assertThat(domain).as("a domain where one is launched").isNull();
    assertThat(nameTaken).as("the name is taken where one is launched").isFalse();
    assertThat(ranBefore).as("ran before in this pod").isFalse();
    assertThat(keeperRuns && podExists && !podEnded && deletion == null)
        .as("the pod is one to run in")
        .isTrue();
    leftovers = true;
    if (imageIsBroken) {
      end = new GuestEnd(Exit.START_FAILED, "the disk image is empty");
    } else {
      domain = State.PAUSED;
      pid++;
      domainInPod = false;
      lastEnding = Ending.UNKNOWN;
    }
  }

  private void end(GuestEnd decided) {
    assertThat(domain).as("a domain of a guest whose end is told").isNull();
    assertThat(keeperRuns).isTrue();
    if (told != null) {
      assertThat(decided.exit()).as("the same end each time it is told").isEqualTo(told);
    }
    told = decided.exit();
    end = decided;
    joinedPid = null;
    leftovers = true;
  }

  private void domainEnds(Ending how) {
    if (domain != null) {
      domain = null;
      attached.clear();
      lastEnding = how;
      podEnded |= keeperDied;
    }
  }

  void agentRestarts() {
    joinedPid = null;
  }

  void guestEnds(Ending how) {
    if (domain == State.RUNNING) {
      domainEnds(how);
    }
  }

  /// From outside, in any state.
  void qemuIsKilled() {
    domainEnds(Ending.CRASHED);
  }

  /// `virsh suspend` and the like.
  void somebodySetsIt(State state) {
    if (domain != null && domainInPod && bootedAt != null) {
      domain = state;
    }
  }

  void containerRuns() {
    keeperRuns = podExists && !podEnded && !keeperDied;
  }

  /// Of itself, if told to, or killed. The pod has ended only when QEMU is gone too: the runtime
  /// cannot clear the container away before.
  void keeperEnds() {
    if (keeperRuns) {
      keeperRuns = false;
      keeperDied = true;
      podEnded = domain == null;
    }
  }

  void fileSystemFills() {
    space = false;
    if (domain == State.RUNNING) {
      domain = State.OUT_OF_SPACE;
    }
  }

  void fileSystemHasSpace() {
    space = true;
  }

  void watchdogBarks() {
    if (domain == State.RUNNING) {
      domain = State.HUNG;
    }
  }

  void keeperEndsIfTold() {
    if (told != null) {
      keeperEnds();
    }
  }

  void podIsDeleted() {
    if (deletion == null) {
      deletion = new VmPod.Deletion(now, now.plus(GRACE));
    }
  }

  /// Kubelet lets go of a pod only when nothing of it runs.
  void podGoes() {
    if (!keeperRuns && domain == null) {
      podExists = false;
    }
  }

  /// Devices of claims that are made for it and asked back while it runs.
  void wishDevices(List<GuestDevices.Given> devices) {
    given = devices;
    reserved =
        devices.stream()
            .flatMap(GuestDevices.Given::inGuest)
            .map(HostDevice::id)
            .collect(Collectors.toSet());
  }

  Set<String> attached() {
    return attached.stream().map(HostDevice::id).collect(Collectors.toSet());
  }

  Set<String> wishedDevices() {
    return reserved;
  }

  void wish(boolean pause) {
    paused = pause;
  }

  void formerGuest(boolean has) {
    nameTaken = has;
  }

  void isForeign() {
    understood = domain != null || bootedAt != null;
  }

  void imageBreaks() {
    imageIsBroken = true;
  }

  void pass(Duration time) {
    now = now.plus(time);
  }

  boolean clean() {
    return domain == null && !leftovers && joinedPid == null;
  }
}
