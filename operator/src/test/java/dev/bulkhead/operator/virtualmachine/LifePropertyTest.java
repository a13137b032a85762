package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.crds.VirtualMachineSpec.RestartPolicy;
import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/// Lives of a VM, in any order of what users, nodes and others may do, and with an operator that
/// looks at any time and sees as late as a watch may. That nothing forbidden happens on the way is
/// `ModelCluster`'s to say.
class LifePropertyTest {

  enum Event {
    SCHEDULED,
    CONTAINER_RUNS,
    STARTING,
    RUNNING,
    PAUSED,
    STOPPING,
    POWERS_OFF,
    CRASHES,
    CANNOT_START,
    KEEPER_IS_KILLED,
    EVICTED,
    ENDS_WITHOUT_A_WORD,
    MORE_IS_TOLD_OF_THE_END,
    READINESS_IS_TOLD_AGAIN,
    POD_IS_DELETED,
    DELETION_IS_CONFIRMED,
    STRANGER_TAKES_THE_NAME,
    STRANGER_LEAVES,
    USER_STOPS,
    USER_STARTS,
    USER_PAUSES,
    USER_EDITS,
    USER_LABELS,
    POLICY_IS_ALWAYS,
    POLICY_IS_ON_FAILURE,
    POLICY_IS_NEVER,
    A_SECOND_PASSES,
    A_MINUTE_PASSES,
    A_QUARTER_OF_AN_HOUR_PASSES,
    OPERATOR_LOOKS,
    OPERATOR_LOOKS_AND_SEES_LATE,
    OPERATOR_LOOKS_AND_SEES_VERY_LATE
  }

  /// Most of what happens: so that lives get far.
  private static final List<Event> USUAL =
      List.of(
          Event.SCHEDULED,
          Event.CONTAINER_RUNS,
          Event.RUNNING,
          Event.CRASHES,
          Event.ENDS_WITHOUT_A_WORD,
          Event.MORE_IS_TOLD_OF_THE_END,
          Event.A_SECOND_PASSES,
          Event.OPERATOR_LOOKS,
          Event.OPERATOR_LOOKS,
          Event.OPERATOR_LOOKS,
          Event.OPERATOR_LOOKS_AND_SEES_LATE);

  @Provide
  Arbitrary<List<Event>> lives() {
    return Arbitraries.oneOf(Arbitraries.of(USUAL), Arbitraries.of(Event.class))
        .list()
        .ofMinSize(10)
        .ofMaxSize(60);
  }

  @Property(tries = 1500, edgeCases = EdgeCasesMode.NONE)
  void everyLifeComesToRestWhereTheSpecWantsIt(@ForAll("lives") List<Event> events) {
    var cluster = new ModelCluster();
    events.forEach(event -> happen(event, cluster));

    cluster.settle();

    for (int seconds : new int[] {0, 1, 5, 3600}) {
      cluster.pass(Duration.ofSeconds(seconds));
      assertThat(cluster.operatorLooks(0)).as("anything is done at rest").isFalse();
    }
    var status = cluster.vm().getStatus();
    if (cluster.vm().getSpec().getPower() == Power.Stopped) {
      assertThat(cluster.ownPod()).isFalse();
    } else if (cluster.pod() == null) {
      assertThat(status.getPhase()).isIn(Phase.Stopped, Phase.Failed);
      assertThat(status.getRestarts().getNextStartTime()).isNull();
    }
  }

  private static void happen(Event event, ModelCluster cluster) {
    switch (event) {
      case OPERATOR_LOOKS -> cluster.operatorLooks(0);
      case OPERATOR_LOOKS_AND_SEES_LATE -> cluster.operatorLooks(1);
      case OPERATOR_LOOKS_AND_SEES_VERY_LATE -> cluster.operatorLooks(4);
      case A_SECOND_PASSES -> cluster.pass(Duration.ofSeconds(1));
      case A_MINUTE_PASSES -> cluster.pass(Duration.ofMinutes(1));
      case A_QUARTER_OF_AN_HOUR_PASSES -> cluster.pass(Duration.ofMinutes(15));
      case USER_STOPS -> cluster.user(vm -> vm.getSpec().setPower(Power.Stopped));
      case USER_STARTS -> cluster.user(vm -> vm.getSpec().setPower(Power.Running));
      case USER_PAUSES -> cluster.user(vm -> vm.getSpec().setPower(Power.Paused));
      case USER_EDITS ->
          cluster.user(
              vm -> vm.getSpec().getCpu().setCores(vm.getSpec().getCpu().getCores() % 8 + 1));
      case USER_LABELS ->
          cluster.user(vm -> vm.getMetadata().getLabels().merge("a.size", "x", (x, _) -> x + "x"));
      case POLICY_IS_ALWAYS -> policy(cluster, RestartPolicy.Always);
      case POLICY_IS_ON_FAILURE -> policy(cluster, RestartPolicy.OnFailure);
      case POLICY_IS_NEVER -> policy(cluster, RestartPolicy.Never);
      case POD_IS_DELETED -> cluster.delete();
      case DELETION_IS_CONFIRMED -> cluster.confirmDeletion();
      case STRANGER_TAKES_THE_NAME -> {
        if (cluster.pod() == null) {
          cluster.create(
              Fixtures.created().editMetadata().withOwnerReferences().endMetadata().build());
        }
      }
      case STRANGER_LEAVES -> {
        if (!cluster.ownPod()) {
          cluster.delete();
        }
      }
      default -> {
        if (cluster.ownPod()) {
          happenToPod(event, cluster);
        }
      }
    }
  }

  private static void policy(ModelCluster cluster, RestartPolicy policy) {
    cluster.user(vm -> vm.getSpec().setRestartPolicy(policy));
  }

  private static void happenToPod(Event event, ModelCluster cluster) {
    var pod = new VmPod(cluster.pod());
    var now = cluster.now().toString();
    if (pod.end().isPresent()) {
      switch (event) {
        case MORE_IS_TOLD_OF_THE_END -> cluster.change(p -> ended(p, "Failed", 1, now));
        case EVICTED -> cluster.change(LifePropertyTest::evicted);
        case READINESS_IS_TOLD_AGAIN -> cluster.change(p -> ready(p, "False", now));
        default -> {}
      }
      return;
    }
    if (event == Event.SCHEDULED && pod.node().isEmpty()) {
      cluster.change(p -> p.editSpec().withNodeName("worker-1").endSpec());
    }
    if (event == Event.EVICTED) {
      cluster.change(LifePropertyTest::evicted);
    }
    if (event == Event.ENDS_WITHOUT_A_WORD) {
      cluster.change(p -> p.editStatus().withPhase("Failed").endStatus());
    }
    if (pod.node().isEmpty()) {
      return;
    }
    switch (event) {
      case CONTAINER_RUNS -> cluster.change(p -> containerRuns(p, now));
      case STARTING -> cluster.change(p -> reported(p, State.Starting, now));
      case RUNNING -> cluster.change(p -> ready(reported(p, State.Running, now), "True", now));
      case PAUSED -> cluster.change(p -> ready(reported(p, State.Paused, now), "False", now));
      case STOPPING -> cluster.change(p -> reported(p, State.Stopping, now));
      case POWERS_OFF -> cluster.change(p -> ended(p, "Succeeded", 0, now));
      case CRASHES -> cluster.change(p -> ended(p, "Failed", 1, now));
      case CANNOT_START -> cluster.change(p -> ended(p, "Failed", 2, now));
      case KEEPER_IS_KILLED -> cluster.change(p -> ended(p, "Failed", 137, now));
      case READINESS_IS_TOLD_AGAIN -> cluster.change(p -> ready(p, "False", now));
      default -> {}
    }
  }

  private static PodBuilder containerRuns(PodBuilder pod, String now) {
    return pod.editStatus()
        .withPhase("Running")
        .withContainerStatuses()
        .addNewContainerStatus()
        .withName(Contract.KEEPER_CONTAINER)
        .withNewState()
        .withNewRunning(now)
        .endState()
        .endContainerStatus()
        .endStatus();
  }

  private static PodBuilder reported(PodBuilder pod, State state, String now) {
    return pod.editMetadata()
        .addToAnnotations(
            Contract.REPORT_ANNOTATION, new GuestReport(1, state, now, null, null, null).toJson())
        .endMetadata();
  }

  private static PodBuilder ready(PodBuilder pod, String status, String now) {
    return pod.editStatus()
        .withConditions()
        .addNewCondition()
        .withType("Ready")
        .withStatus(status)
        .withLastTransitionTime(now)
        .endCondition()
        .endStatus();
  }

  private static PodBuilder evicted(PodBuilder pod) {
    return pod.editStatus().withPhase("Failed").withReason("Evicted").endStatus();
  }

  private static PodBuilder ended(PodBuilder pod, String phase, int exitCode, String now) {
    return pod.editStatus()
        .withPhase(phase)
        .withContainerStatuses()
        .addNewContainerStatus()
        .withName(Contract.KEEPER_CONTAINER)
        .withNewState()
        .withNewTerminated()
        .withExitCode(exitCode)
        .withFinishedAt(now)
        .endTerminated()
        .endState()
        .endContainerStatus()
        .endStatus();
  }
}
