package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.crds.VirtualMachineSpec.RestartPolicy;
import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import dev.bulkhead.operator.apiserver.ApiServer;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LifecycleIT {
  private final Cluster cluster = new Cluster();

  @AfterEach
  void close() {
    cluster.close();
  }

  @Test
  void anAppliedVmRunsOnceItsPodsGuestDoes() {
    cluster.apply(Cluster.VM);
    cluster.boot("web");
    var status = cluster.awaitReason("web", Reason.Running);
    assertThat(status.getPhase()).isEqualTo(Phase.Running);
    assertThat(status.getNode()).isEqualTo("worker-1");
    assertThat(status.getGuest().getIp()).isEqualTo("10.244.1.7");
    assertThat(status.getObservedGeneration()).isEqualTo(1);
    assertThat(Conditions.find(status, ConditionType.Ready).orElseThrow().getStatus())
        .isEqualTo("True");
  }

  @Test
  void aStartCostsTheOperatorTwoWritesEventsAside() {
    cluster.apply(Cluster.VM);
    cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
    var writes =
        ApiServer.get().requestsOf(ApiServer.OPERATOR).stream()
            .filter(r -> r.at("/objectRef/namespace").asText().equals(cluster.namespace))
            .filter(r -> !r.at("/objectRef/resource").asText().equals("events"))
            .filter(r -> !Set.of("get", "list", "watch").contains(r.get("verb").asText()))
            .map(r -> r.get("verb").asText() + " " + r.at("/objectRef/resource").asText());
    assertThat(writes).containsExactly("create pods", "patch virtualmachines");
  }

  @Test
  void theUsersSpecIsNeverWritten() {
    var applied = cluster.apply(Cluster.VM);
    cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
    var vm = cluster.vm("web");
    assertThat(vm.getMetadata().getGeneration()).isEqualTo(applied.getMetadata().getGeneration());
    assertThat(vm.getMetadata().getManagedFields())
        .filteredOn(entry -> entry.getManager().equals(Contract.OPERATOR_FIELD_MANAGER))
        .allSatisfy(
            entry ->
                assertThat(entry.getFieldsV1().getAdditionalProperties())
                    .containsOnlyKeys("f:status"));
  }

  @Test
  void stoppingTakesThePodAwayAndStartingMakesAnother() {
    cluster.apply(Cluster.VM);
    var pod = cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);

    cluster.edit("web", vm -> vm.getSpec().setPower(Power.Stopped));
    assertThat(cluster.awaitReason("web", Reason.Stopping).getPhase()).isEqualTo(Phase.Stopping);
    cluster.node.gone(pod);
    assertThat(cluster.awaitReason("web", Reason.Stopped).getPhase()).isEqualTo(Phase.Stopped);
    assertThat(cluster.pod("web")).isNull();

    cluster.edit("web", vm -> vm.getSpec().setPower(Power.Running));
    assertThat(cluster.boot("web")).isNot(Cluster.same(pod));
    cluster.awaitReason("web", Reason.Running);
  }

  @Test
  void pausingChangesNothingButThePodsPowerAnnotation() {
    cluster.apply(Cluster.VM);
    var pod = cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);

    cluster.edit("web", vm -> vm.getSpec().setPower(Power.Paused));
    var asked =
        cluster.awaitPod(
            "web",
            p -> "Paused".equals(p.getMetadata().getAnnotations().get(Contract.POWER_ANNOTATION)));
    assertThat(asked).is(Cluster.same(pod));
    cluster.node.reports(pod, State.Paused);
    assertThat(cluster.awaitReason("web", Reason.Paused).getPhase()).isEqualTo(Phase.Paused);
  }

  @Test
  void aPoweredOffGuestIsStartedAnewAtOnceAndTheNextTimeAfterABackOff() {
    cluster.apply(Cluster.VM);
    var first = cluster.boot("web");
    cluster.node.ends(first, Contract.EXIT_POWERED_OFF, null);

    var second = cluster.boot("web");
    assertThat(second).isNot(Cluster.same(first));
    var running = cluster.awaitReason("web", Reason.Running);
    assertThat(running.getRestarts().getCount()).isEqualTo(1);
    assertThat(running.getRestarts().getNextStartTime()).isNull();

    cluster.node.ends(second, Contract.EXIT_CRASHED, "QEMU was killed by signal 9");
    var waiting = cluster.awaitReason("web", Reason.BackOff);
    assertThat(waiting.getRestarts().getCount()).isEqualTo(2);
    assertThat(waiting.getRestarts().getLastExitReason()).isEqualTo("Crashed");
    assertThat(waiting.getRestarts().getLastExitMessage()).isEqualTo("QEMU was killed by signal 9");
    assertThat(
            Duration.between(
                Instant.parse(waiting.getRestarts().getLastExitTime()),
                Instant.parse(waiting.getRestarts().getNextStartTime())))
        .as("10 s, from when the operator saw the end")
        .isBetween(Duration.ofSeconds(10), Duration.ofSeconds(20));
  }

  @Test
  void aGuestThatMayStayOffStaysSoWhenItsPodIsGarbageCollected() {
    cluster.apply(Cluster.VM);
    cluster.edit("web", vm -> vm.getSpec().setRestartPolicy(RestartPolicy.OnFailure));
    var pod = cluster.boot("web");
    cluster.node.ends(pod, Contract.EXIT_POWERED_OFF, null);
    assertThat(cluster.awaitReason("web", Reason.PoweredOff).getPhase()).isEqualTo(Phase.Stopped);

    cluster.node.gone(pod);
    cluster.awaitStatus("web", status -> status.getNode() == null);
    assertThat(cluster.pod("web")).isNull();

    cluster.edit("web", vm -> vm.getSpec().setPower(Power.Stopped));
    cluster.awaitReason("web", Reason.Stopped);
    cluster.edit("web", vm -> vm.getSpec().setPower(Power.Running));
    cluster.boot("web");
    assertThat(cluster.awaitReason("web", Reason.Running).getRestarts()).isNull();
  }

  @Test
  void aGuestThatCouldNotStartIsTriedAgainAtOnceWhenTheSpecChanges() {
    cluster.apply(Cluster.VM);
    cluster.edit("web", vm -> vm.getSpec().setRestartPolicy(RestartPolicy.Never));
    var first = cluster.failToStart("web", "no file /boot/vmlinuz in the image");
    var second = cluster.failToStart("web", "no file /boot/vmlinuz in the image");
    assertThat(second).isNot(Cluster.same(first));
    var failed = cluster.awaitReason("web", Reason.StartFailed);
    assertThat(Conditions.find(failed, ConditionType.Running).orElseThrow().getMessage())
        .contains("no file /boot/vmlinuz in the image");

    cluster.edit("web", vm -> vm.getSpec().getKernel().setPath("/vmlinuz"));
    var third = cluster.boot("web");
    assertThat(third.getMetadata().getAnnotations().get(Contract.GUEST_ANNOTATION))
        .contains("\"/vmlinuz\"");
    cluster.awaitReason("web", Reason.Running);
  }

  @Test
  void aPodDeletedByHandIsNoEndOfTheGuestAndIsReplacedWhateverThePolicy() {
    cluster.apply(Cluster.VM);
    cluster.edit("web", vm -> vm.getSpec().setRestartPolicy(RestartPolicy.Never));
    var pod = cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
    cluster.admin.resource(pod).delete();
    cluster.awaitReason("web", Reason.Stopping);
    cluster.node.ends(pod, Contract.EXIT_POWERED_OFF, "the guest was shut down");
    cluster.node.gone(pod);
    assertThat(cluster.boot("web")).isNot(Cluster.same(pod));
    assertThat(cluster.awaitReason("web", Reason.Running).getRestarts()).isNull();
  }

  /// A spec that changes around a status write must not be missed.
  @Test
  void noChangeOfTheSpecIsLostAmongStatusWrites() {
    cluster.apply(Cluster.VM);
    var pod = cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
    for (var round = 0; round < 20; round++) {
      var cores = 2 + round % 2;
      cluster.node.reports(pod, round % 2 == 0 ? State.Paused : State.Running);
      cluster.edit("web", vm -> vm.getSpec().getCpu().setCores(cores));
    }
    var generation = cluster.vm("web").getMetadata().getGeneration();
    var status = cluster.awaitStatus("web", s -> generation.equals(s.getObservedGeneration()));
    assertThat(Conditions.find(status, ConditionType.RestartRequired).orElseThrow().getMessage())
        .contains("spec.cpu.cores: 1 -> 3");
  }

  @Test
  void anEditOfARunningVmIsNamedAndWaitsForItsNextStart() {
    cluster.apply(Cluster.VM);
    var pod = cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);

    cluster.edit("web", vm -> vm.getSpec().getCpu().setCores(2));
    var pending = cluster.awaitRestartRequired("web", "True");
    assertThat(Conditions.find(pending, ConditionType.RestartRequired).orElseThrow().getMessage())
        .contains("spec.cpu.cores: 1 -> 2");
    assertThat(cluster.pod("web")).is(Cluster.same(pod));

    cluster.edit("web", vm -> vm.getSpec().getCpu().setCores(1));
    cluster.awaitRestartRequired("web", "False");
  }

  @Test
  void aChangedLabelIsNamedToo() {
    cluster.apply(Cluster.VM);
    cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
    cluster.edit("web", vm -> vm.getMetadata().getLabels().put("tier", "back"));
    var pending = cluster.awaitRestartRequired("web", "True");
    assertThat(Conditions.find(pending, ConditionType.RestartRequired).orElseThrow().getMessage())
        .contains("metadata.labels.tier: front -> back");
  }

  @Test
  void anEditBeforeTheGuestRunsReplacesThePodAtOnce() {
    cluster.apply(Cluster.VM);
    var first = cluster.awaitPod("web", _ -> true);
    cluster.edit("web", vm -> vm.getSpec().getCpu().setCores(2));
    var second = cluster.awaitPod("web", pod -> !Cluster.same(first).matches(pod));
    assertThat(second.getMetadata().getAnnotations().get(Contract.GUEST_ANNOTATION))
        .contains("\"cores\":2");
  }

  @Test
  void aVmMadeAnewWaitsForThePodOfTheOldOneToGo() {
    cluster.apply(Cluster.VM);
    var old = cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
    cluster.admin.resource(cluster.vm("web")).delete();
    cluster.admin.resource(old).delete(); // as the garbage collector does

    cluster.apply(Cluster.VM);
    cluster.awaitReason("web", Reason.PreviousPodTerminating);
    cluster.node.gone(old);
    assertThat(cluster.boot("web")).isNot(Cluster.same(old));
    cluster.awaitReason("web", Reason.Running);
  }

  @Test
  void anOperatorThatComesBackGoesOnWhereItStopped() {
    cluster.apply(Cluster.VM);
    var pod = cluster.awaitPod("web", _ -> true);
    cluster.stopOperator();
    cluster.node.schedule(pod);
    cluster.node.keeperRuns(pod);
    cluster.node.reports(pod, State.Running);
    cluster.startOperator();
    cluster.awaitReason("web", Reason.Running);
    assertThat(cluster.pod("web")).is(Cluster.same(pod));
  }

  @Test
  void anEndThatNobodySawIsStillFollowedByARestart() {
    cluster.apply(Cluster.VM);
    var pod = cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
    cluster.stopOperator();
    cluster.node.ends(pod, Contract.EXIT_CRASHED, null);
    cluster.startOperator();
    cluster.boot("web");
    assertThat(cluster.awaitReason("web", Reason.Running).getRestarts().getCount()).isEqualTo(1);
  }

  @Test
  void everyChangeOfStateIsToldOnceAsAnEvent() {
    cluster.apply(Cluster.VM);
    Pod pod = cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
    cluster.edit("web", vm -> vm.getSpec().setPower(Power.Stopped));
    cluster.awaitReason("web", Reason.Stopping);
    cluster.node.gone(pod);
    cluster.awaitReason("web", Reason.Stopped);
    assertThat(cluster.eventsOf("web"))
        .extracting(Event::getReason)
        .filteredOn(reason -> !reason.equals("Starting")) // told only where a start takes long
        .containsExactlyInAnyOrder("Running", "Stopping", "Stopped");
  }
}
