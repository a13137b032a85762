package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.awaitility.Awaitility;

/// Guests of one node, in every moment that a fault may find a guest in: one that runs with an open
/// connection and is never touched, and in each round two that start (one by its creation, one by
/// its power), one that stops and one that is deleted.
final class Fleet implements AutoCloseable {
  /// What is promised for the status once the cluster works again.
  private static final Duration STATUS_RIGHT_WITHIN = Duration.ofSeconds(10);

  private static final String NODE = "worker-1";
  private static final String ROCK = "rock";

  private final Lab lab;
  private final Hosts hosts;
  private final Recovery recovery;
  private final QemuWatch watch;
  private final Guest rock;
  private final String bootId;
  private final EchoConnection connection;

  private int born;
  private String running;
  private String runningToo;
  private String stopped;

  private int faults;
  private int starts;
  private int checks;
  private int watched;

  /// Ready for the first round: all run but one that is stopped.
  Fleet(Lab lab, Hosts hosts) {
    this.lab = lab;
    this.hosts = hosts;
    this.recovery = new Recovery(lab, hosts);
    this.watch = new QemuWatch(hosts);
    running = newName();
    runningToo = newName();
    stopped = newName();
    create(ROCK, Power.Running);
    create(running, Power.Running);
    create(runningToo, Power.Running);
    create(stopped, Power.Stopped);
    this.rock = awaitStarted(ROCK);
    awaitStarted(running);
    awaitStarted(runningToo);
    lab.awaitPhase(stopped, Phase.Stopped);
    this.bootId = rock.bootId();
    this.connection = EchoConnection.open(lab, "client-2", rock.ip(), 7);
  }

  /// Tells guests to stop, go and start, disturbs the cluster amid that, and checks that all came
  /// out as if nothing had been.
  void endure(Injection injection) {
    recovery.forgiveBackOffOf(injection.components());
    var targets = injection.components().stream().map(c -> c.find(lab, hosts, NODE)).toList();
    var toStop = running;
    var toDelete = runningToo;
    var toStart = stopped;
    var toCreate = newName();

    setPower(toStop, Power.Stopped);
    lab.vm(toDelete).delete();
    setPower(toStart, Power.Running);
    create(toCreate, Power.Running);
    pass(injection.lead());
    var repaired = disturb(injection, targets);
    faults += targets.size();
    recovery.await(repaired);

    assertStatusesAreRight(injection, toStop, toDelete, List.of(toStart, toCreate));
    assertRockIsUntouched();
    awaitStarted(toStart, injection);
    awaitStarted(toCreate, injection);
    awaitStopped(toStop);
    awaitGone(toDelete);
    watched = watch.assertNeverTwoOfOneVm();
    assertThat(watched)
        .as("QEMUs that the watch saw, of %d that were started", starts)
        .isGreaterThanOrEqualTo(starts);
    checks++;

    running = toStart;
    runningToo = toCreate;
    stopped = toStop;
  }

  /// @return when the last of the faults was over
  private static Instant disturb(Injection injection, List<Component.Target> targets) {
    if (injection.kills()) {
      targets.parallelStream().forEach(Component.Target::kill);
      return Instant.now();
    }
    targets.parallelStream().forEach(Component.Target::freeze);
    try {
      pass(injection.frozenFor());
    } finally {
      targets.parallelStream().forEach(Component.Target::thaw);
    }
    return Instant.now();
  }

  /// Of those under way too, which may take longer to get there: each says that it goes where it
  /// was told to.
  private void assertStatusesAreRight(
      Injection injection, String toStop, String toDelete, List<String> toRun) {
    var onTheWay = EnumSet.of(Phase.Pending, Phase.Starting, Phase.Running);
    if (injection.hitsContainers()) {
      onTheWay.add(Phase.Failed); // until its next start
    }
    var right = new HashMap<String, Set<Phase>>();
    right.put(ROCK, Set.of(Phase.Running));
    right.put(toStop, Set.of(Phase.Stopping, Phase.Stopped));
    toRun.forEach(vm -> right.put(vm, onTheWay));
    Awaitility.await("every status to be right")
        .atMost(STATUS_RIGHT_WITHIN)
        .pollInterval(Duration.ofMillis(300))
        .untilAsserted(() -> assertPhases(right, toDelete));
    checks += right.size() + 1;
  }

  private void assertPhases(Map<String, Set<Phase>> right, String deleted) {
    right.forEach(this::assertPhase);
    var rockNow = lab.vm(ROCK).get();
    for (var type : List.of("Ready", "Running")) {
      assertThat(Lab.condition(rockNow, type).getStatus()).as(type).isEqualTo("True");
    }
    assertThat(lab.vm(deleted).get()).as(deleted).isNull();
  }

  private void assertPhase(String name, Set<Phase> right) {
    var vm = lab.vm(name).get();
    assertThat(vm.getStatus()).as("status of " + name).isNotNull();
    assertThat(vm.getStatus().getObservedGeneration())
        .as("generation of %s that its status is of", name)
        .isEqualTo(vm.getMetadata().getGeneration());
    assertThat(vm.getStatus().getPhase()).as("phase of " + name).isIn(right);
  }

  private void assertRockIsUntouched() {
    connection.awaitEcho();
    assertThat(rock.bootId()).as("the boot id of the guest that ran").isEqualTo(bootId);
    assertOneQemu(ROCK);
    assertNoEnd(ROCK);
    checks += 4;
  }

  private Guest awaitStarted(String vm) {
    var guest = lab.awaitRunning(vm);
    guest.awaitAnswer();
    assertOneQemu(vm);
    starts++;
    checks += 3;
    return guest;
  }

  /// None may have ended on its way up. But when kubelet or containerd die while they start its
  /// container, that start has failed, and another is due.
  private void awaitStarted(String vm, Injection injection) {
    awaitStarted(vm);
    var restarts = lab.vm(vm).get().getStatus().getRestarts();
    if (restarts == null || !injection.hitsContainers()) {
      assertNoEnd(vm);
    } else {
      assertThat(restarts.getLastExitReason())
          .as(restarts.getLastExitMessage())
          .isEqualTo("StartFailed");
      assertThat(restarts.getLastExitMessage()).contains("could not start the VM's container");
    }
    checks++;
  }

  private void assertOneQemu(String vm) {
    assertThat(hosts.qemusOf(lab, vm)).as("QEMUs of " + vm).hasSize(1);
  }

  private void assertNoEnd(String vm) {
    assertThat(lab.vm(vm).get().getStatus().getRestarts())
        .as(() -> "ends of " + lab.describe(vm))
        .isNull();
  }

  private void awaitStopped(String vm) {
    lab.awaitPhase(vm, Phase.Stopped);
    lab.awaitNoPod(vm);
    assertThat(hosts.qemusOf(lab, vm)).as("QEMUs of " + vm).isEmpty();
    checks += 3;
  }

  private void awaitGone(String vm) {
    lab.awaitNoPod(vm);
    assertThat(lab.vm(vm).get()).as(vm).isNull();
    assertThat(hosts.qemusOf(lab, vm)).as("QEMUs of " + vm).isEmpty();
    checks += 3;
  }

  private String newName() {
    return "guest-" + ++born;
  }

  private void create(String vm, Power power) {
    var manifest = Manifests.tinyGuest(vm, Manifests.onNode(NODE), "  power: " + power);
    lab.client()
        .resources(VirtualMachine.class)
        .inNamespace(lab.namespace())
        .load(new ByteArrayInputStream(manifest.getBytes(StandardCharsets.UTF_8)))
        .create();
  }

  private void setPower(String vm, Power power) {
    lab.vm(vm)
        .edit(
            edited -> {
              edited.getSpec().setPower(power);
              return edited;
            });
  }

  /// The time of a fault is part of it.
  private static void pass(Duration time) {
    if (time.isPositive()) {
      Awaitility.await().pollDelay(time).timeout(time.plusSeconds(60)).until(() -> true);
    }
  }

  /// In numbers, for a person to read. It asks nobody, so that it can be told after any failure.
  String summary() {
    return "%d faults injected, %d guests started, %d invariants checked, %d QEMUs watched"
        .formatted(faults, starts, checks, watched);
  }

  @Override
  public void close() {
    connection.close();
    lab.clear();
    watch.assertNeverTwoOfOneVm();
    watch.close();
  }
}
