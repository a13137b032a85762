package dev.bulkhead.operator.virtualmachine;

import static dev.bulkhead.operator.virtualmachine.Fixtures.NOW;
import static dev.bulkhead.operator.virtualmachine.Fixtures.bound;
import static dev.bulkhead.operator.virtualmachine.Fixtures.created;
import static dev.bulkhead.operator.virtualmachine.Fixtures.deleting;
import static dev.bulkhead.operator.virtualmachine.Fixtures.ended;
import static dev.bulkhead.operator.virtualmachine.Fixtures.facts;
import static dev.bulkhead.operator.virtualmachine.Fixtures.keeperRuns;
import static dev.bulkhead.operator.virtualmachine.Fixtures.onSilentNode;
import static dev.bulkhead.operator.virtualmachine.Fixtures.reported;
import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.crds.VirtualMachineSpec.RestartPolicy;
import dev.bulkhead.crds.VirtualMachineStatus;
import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class VirtualMachineStatusPlannerTest {
  private static final String SOON = "2026-11-23T12:00:30Z";
  private static final String OVERDUE = "2026-11-23T11:59:00Z";

  static Stream<Arguments> podsAndWhatTheyMean() {
    return Stream.of(
        row(created(), Phase.Pending, "False Starting", "False", "waiting for the scheduler"),
        row(unschedulable(), Phase.Pending, "False Unschedulable", "False", "0/2 nodes"),
        row(bound(), Phase.Starting, "False Starting", "True", "worker-1 is preparing"),
        row(waiting("ImagePullBackOff"), Phase.Pending, "False ImageUnavailable", "True", "why"),
        row(waiting("CreateContainerError"), Phase.Pending, "False PodRefused", "True", "why"),
        row(waiting("ContainerCreating"), Phase.Starting, "False Starting", "True", "preparing"),
        row(keeperRuns(), Phase.Starting, "False Starting", "True", "node agent of worker-1"),
        row(reported(State.Running), Phase.Running, "True Running", "True", "runs on worker-1"),
        row(
            reported(State.Starting),
            Phase.Starting,
            "False StartDelayed",
            "True",
            "worker-1 cannot start the guest yet: its agent does not say why"),
        row(reported(State.Paused), Phase.Paused, "False Paused", "True", "halted"),
        row(reported(State.Stopping), Phase.Stopping, "False Stopping", "True", "shutting down"),
        row(
            deleting(SOON).apply(reported(State.Running)),
            Phase.Stopping,
            "False Stopping",
            "True",
            "started again when the pod is gone"),
        row(
            deleting(OVERDUE).apply(reported(State.Running)),
            Phase.Stopping,
            "Unknown NodeNotResponding",
            "True",
            "delete node worker-1"),
        row(
            deleting(SOON).apply(onSilentNode()),
            Phase.Stopping,
            "Unknown NodeNotResponding",
            "True",
            "out-of-service=nodeshutdown:NoExecute"),
        row(collected(ended(137)), Phase.Running, "True Running", "True", "runs on worker-1"),
        row(ended(0), Phase.Pending, "False BackOff", "True", "started again now"),
        row(ended(1), Phase.Pending, "False BackOff", "True", "started again now"),
        row(ended(2), Phase.Failed, "False StartFailed", "True", "when the spec changes"),
        row(keeperNeverRan(), Phase.Failed, "False StartFailed", "True", "container: no shim"),
        row(ended(137), Phase.Pending, "False BackOff", "True", "exit code 137"));
  }

  /// By the pod garbage collector, just before it removes a pod whose node is gone.
  private static PodBuilder collected(PodBuilder pod) {
    return pod.editStatus()
        .addNewCondition()
        .withType("DisruptionTarget")
        .withStatus("True")
        .withReason("DeletionByPodGC")
        .endCondition()
        .endStatus();
  }

  @Test
  void aSilentNodeIsToldAtOnceWhateverTheClocksSay() {
    var status = status(Fixtures.vm(Power.Running), facts(onSilentNode()));
    assertThat(status.getPhase()).isEqualTo(Phase.Running);
    assertThat(running(status).getStatus()).isEqualTo("Unknown");
    assertThat(running(status).getReason()).isEqualTo("NodeNotResponding");
  }

  @ParameterizedTest(name = "{1}, {2}: {4}")
  @MethodSource("podsAndWhatTheyMean")
  void aPodsStateIsToldInPhaseConditionsAndWords(
      PodBuilder pod, Phase phase, String running, String scheduled, String words) {
    var status = status(Fixtures.vm(Power.Running), facts(pod));
    assertThat(status.getPhase()).isEqualTo(phase);
    var condition = Conditions.find(status, ConditionType.Running).orElseThrow();
    assertThat(condition.getStatus() + " " + condition.getReason()).isEqualTo(running);
    assertThat(condition.getMessage()).contains(words);
    assertThat(Conditions.find(status, ConditionType.Scheduled).orElseThrow().getStatus())
        .isEqualTo(scheduled);
    assertThat(Conditions.find(status, ConditionType.Ready).orElseThrow().getStatus())
        .isEqualTo(phase == Phase.Running ? "True" : "False");
  }

  @Test
  void theStatusTellsOfNodeAndGuest() {
    var pod = reported(State.Running).editStatus().withPodIP("10.244.1.7").endStatus();
    var status = status(Fixtures.vm(Power.Running), facts(pod));
    assertThat(status.getNode()).isEqualTo("worker-1");
    assertThat(status.getObservedGeneration()).isEqualTo(3);
    assertThat(status.getGuest().getState()).isEqualTo("Running");
    assertThat(status.getGuest().getIp()).isEqualTo("10.244.1.7");
    assertThat(status.getGuest().getBootTime()).isEqualTo(Fixtures.LONG_AGO);
    assertThat(status.getRestarts()).isNull();
    assertThat(status(Fixtures.vm(Power.Running), facts(ended(1))).getGuest()).isNull();
  }

  @Test
  void theStatusTellsOfTheNodesDevicesThatTheGuestHas() {
    var report =
        "{\"format\": 1, \"state\": \"Running\", \"bootTime\": \"2026-11-23T11:59:00Z\","
            + " \"devices\": [{\"name\": \"gpu\", \"address\": \"0000:81:00.0\","
            + " \"iommuGroup\": 14}]}";
    var pod =
        reported(State.Running)
            .editMetadata()
            .addToAnnotations(Contract.REPORT_ANNOTATION, report)
            .endMetadata();
    var status = status(Fixtures.vm(Power.Running), facts(pod));
    assertThat(running(status).getMessage())
        .isEqualTo("runs on worker-1 with gpu 0000:81:00.0 (IOMMU group 14)");
    assertThat(status.getGuest().getDevices())
        .singleElement()
        .satisfies(
            device -> {
              assertThat(device.getName()).isEqualTo("gpu");
              assertThat(device.getAddress()).isEqualTo("0000:81:00.0");
              assertThat(device.getIommuGroup()).isEqualTo(14);
            });
  }

  @Test
  void whatADeviceLacksIsToldBesideTheSchedulersWords() {
    var pod =
        new VirtualMachineFacts(
            new VmPod(created().build()), null, List.of("there is no GPU"), List.of(), NOW);
    var status = status(Fixtures.vm(Power.Running), pod);
    assertThat(status.getPhase()).isEqualTo(Phase.Pending);
    assertThat(running(status).getReason()).isEqualTo("DeviceUnavailable");
    assertThat(running(status).getMessage()).startsWith("there is no GPU").contains("by itself");
  }

  @Test
  void ofAPodOfSomebodyElseTheStatusTellsOnlyThatItIsThere() {
    var pod = reported(State.Running).editMetadata().withOwnerReferences().endMetadata();
    var status = status(Fixtures.vm(Power.Running), facts(pod));
    assertThat(status.getNode()).isNull();
    assertThat(status.getGuest()).isNull();
    assertThat(status.getPhase()).isEqualTo(Phase.Pending);
    assertThat(running(status).getReason()).isEqualTo("NameTaken");
    assertThat(running(status).getMessage()).contains("web, already exists and is not the VM's");
  }

  @Test
  void anotherOwnersPodIsToldByItsOwner() {
    assertThat(running(ownedBy("Deployment")).getMessage())
        .contains("already exists of Deployment former");
    assertThat(running(ownedBy("VirtualMachine")).getReason()).isEqualTo("PreviousPodTerminating");
    assertThat(running(ownedBy("VirtualMachine")).getMessage())
        .contains("still shutting down in pod web");
  }

  private static VirtualMachineStatus ownedBy(String kind) {
    var pod =
        reported(State.Running)
            .editMetadata()
            .editFirstOwnerReference()
            .withKind(kind)
            .withName("former")
            .withUid("another")
            .endOwnerReference()
            .endMetadata();
    return status(Fixtures.vm(Power.Running), facts(pod));
  }

  @Test
  void aVmWithoutAPodIsStoppedOrOnItsWay() {
    var gone = new VirtualMachineFacts(null, null, List.of(), List.of(), NOW);
    assertThat(status(Fixtures.vm(Power.Stopped), gone).getPhase()).isEqualTo(Phase.Stopped);
    assertThat(running(status(Fixtures.vm(Power.Stopped), gone)).getMessage())
        .contains("set it to Running");
    assertThat(status(Fixtures.vm(Power.Running), gone).getPhase()).isEqualTo(Phase.Pending);
  }

  @ParameterizedTest
  @CsvSource({"0, Stopped, PoweredOff", "1, Failed, Crashed", "137, Failed, Crashed"})
  void whatThePolicyLeavesOffSaysSo(int exitCode, Phase phase, String reason) {
    var vm = Fixtures.vm(Power.Running);
    vm.getSpec().setRestartPolicy(RestartPolicy.Never);
    var status = status(vm, facts(ended(exitCode)));
    assertThat(status.getPhase()).isEqualTo(phase);
    assertThat(running(status).getReason()).isEqualTo(reason);
    assertThat(running(status).getMessage()).contains("spec.restartPolicy leaves it so");
    assertThat(status.getRestarts().getNextStartTime()).isNull();
  }

  @Test
  void theCountOfRestartsStandsUntilTheVmIsStopped() {
    var vm = Fixtures.vm(Power.Running);
    vm.setStatus(status(vm, facts(ended(1))));
    assertThat(vm.getStatus().getRestarts().getCount()).isEqualTo(1);
    assertThat(vm.getStatus().getRestarts().getNextStartTime()).isNotNull();

    vm.setStatus(status(vm, facts(reported(State.Running))));
    assertThat(vm.getStatus().getRestarts().getCount()).isEqualTo(1);
    assertThat(vm.getStatus().getRestarts().getNextStartTime()).isNull();

    vm.getSpec().setPower(Power.Stopped);
    assertThat(status(vm, facts(ended(1))).getRestarts()).isNull();
    assertThat(
            status(vm, new VirtualMachineFacts(null, null, List.of(), List.of(), NOW))
                .getRestarts())
        .isNull();
  }

  @Test
  void anEndedPodThatLingersIsStillTheEndThatWasTold() {
    var vm = Fixtures.vm(Power.Running);
    vm.setStatus(status(vm, facts(ended(1))));
    var lingering = facts(deleting(SOON).apply(ended(1)));
    assertThat(running(status(vm, lingering)).getReason()).isEqualTo("BackOff");
    assertThat(running(status(Fixtures.vm(Power.Running), lingering)).getReason())
        .isEqualTo("Stopping");
  }

  @Test
  void aChangedSpecIsToldFieldByField() {
    var vm = Fixtures.vm(Power.Running);
    assertThat(restartRequired(vm).getStatus()).isEqualTo("False");
    vm.getSpec().getCpu().setCores(2);
    assertThat(restartRequired(vm).getStatus()).isEqualTo("True");
    assertThat(restartRequired(vm).getMessage())
        .contains("spec.cpu.cores: 1 -> 2. To restart it: kubectl delete pod web");
  }

  private static Condition restartRequired(VirtualMachine vm) {
    return Conditions.find(
            status(vm, facts(reported(State.Running))), ConditionType.RestartRequired)
        .orElseThrow();
  }

  @Test
  void aRunningGuestWhosePodKubeletHasNotCalledReadyIsStillStarting() {
    var pod = onSilentNode().editStatus().editFirstCondition().withReason("ContainersNotReady");
    var facts = facts(pod.endCondition().endStatus());
    var outlook = outlook(Fixtures.vm(Power.Running), facts);
    assertThat(outlook.phase()).isEqualTo(Phase.Starting);
    assertThat(outlook.message()).contains("kubelet of worker-1");
    assertThat(outlook.settledAt()).isEqualTo(Instant.parse("2026-11-23T11:00:03Z"));
    assertThat(outlook.recheckAt()).isNull();
  }

  /// Its clock is behind the API server's: waiting for 3 s to pass would take five minutes.
  @Test
  void whatSeemsToComeIsToldAtOnce() {
    var pod = created().editMetadata().withCreationTimestamp("2026-11-23T12:05:00Z").endMetadata();
    var outlook = outlook(Fixtures.vm(Power.Running), facts(pod));
    assertThat(outlook.settledAt()).isEqualTo(NOW);
    assertThat(outlook.recheckAt()).isNull();
  }

  @Test
  void aRefusalIsToldAndTriedAgain() {
    var vm = Fixtures.vm(Power.Running);
    var gone = new VirtualMachineFacts(null, null, List.of(), List.of(), NOW);
    var refused =
        new Outcome.Refused(Reason.QuotaExceeded, Words.quotaExceeded("exceeded quota: small"));
    var outlook = Outlook.of(vm, gone, new Situation.NoPod(), Optional.empty(), refused);
    assertThat(outlook.reason()).isEqualTo(Reason.QuotaExceeded);
    assertThat(outlook.message()).startsWith("exceeded quota: small. Free some of the quota");
    assertThat(outlook.recheckAt()).isEqualTo(NOW.plusSeconds(15));
    assertThat(Words.podRefused("no")).startsWith("no. Change the VM's spec");
  }

  @Test
  void aStuckPodIsLookedAtAgainSoonerThanItsProgressIsTold() {
    assertThat(outlook(Fixtures.vm(Power.Running), facts(bound())).recheckAt())
        .isEqualTo(NOW.plusSeconds(5));
    var justNow = bound().editMetadata().withCreationTimestamp("2026-11-23T11:59:59Z");
    assertThat(outlook(Fixtures.vm(Power.Running), facts(justNow.endMetadata())).recheckAt())
        .isEqualTo(NOW.plusSeconds(2));
  }

  private static Condition running(VirtualMachineStatus status) {
    return Conditions.find(status, ConditionType.Running).orElseThrow();
  }

  @Test
  void plainProgressIsWrittenOnlyOnceItHasLastedThreeSeconds() {
    var justNow = created().editMetadata().withCreationTimestamp("2026-11-23T11:59:58Z");
    var outlook = outlook(Fixtures.vm(Power.Running), facts(justNow.endMetadata()));
    assertThat(outlook.settledAt()).isEqualTo(Instant.parse("2026-11-23T12:00:01Z"));
    assertThat(outlook.recheckAt()).isEqualTo(outlook.settledAt());
  }

  @Test
  void troubleIsWrittenAtOnce() {
    assertThat(outlook(Fixtures.vm(Power.Running), facts(unschedulable())).settledAt())
        .isEqualTo(NOW);
  }

  @Test
  void aConditionKeepsItsTransitionTimeWhileItsStatusStays() {
    var vm = Fixtures.vm(Power.Running);
    vm.setStatus(status(vm, facts(reported(State.Running))));
    var later =
        new VirtualMachineFacts(
            facts(reported(State.Running)).pod(), null, List.of(), List.of(), NOW.plusSeconds(60));
    assertThat(Conditions.find(status(vm, later), ConditionType.Running).orElseThrow())
        .isEqualTo(Conditions.find(vm.getStatus(), ConditionType.Running).orElseThrow());
    var paused =
        new VirtualMachineFacts(
            facts(reported(State.Paused)).pod(), null, List.of(), List.of(), NOW.plusSeconds(60));
    assertThat(
            Conditions.find(status(vm, paused), ConditionType.Running)
                .orElseThrow()
                .getLastTransitionTime())
        .isEqualTo(NOW.plusSeconds(60).toString());
  }

  @Test
  void anEndedPodThatLingersDoesNotMakeAStoppedVmWaver() {
    var vm = Fixtures.vm(Power.Running);
    vm.setStatus(status(vm, facts(ended(1))));
    vm.getSpec().setPower(Power.Stopped);
    var lingering = facts(deleting(SOON).apply(ended(1)));
    vm.setStatus(status(vm, lingering));
    assertThat(vm.getStatus().getPhase()).isEqualTo(Phase.Stopping);
    assertThat(status(vm, lingering).getPhase()).isEqualTo(Phase.Stopping);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no JSON",
        "{\"format\": 1}",
        "{\"format\": 1, \"state\": \"Hovering\"}",
        "{\"format\": 1, \"state\": \"Running\", \"bootTime\": \"yesterday\"}"
      })
  void aReportThatNobodyUnderstandsIsAsNone(String report) {
    var pod = keeperRuns().editMetadata();
    pod.addToAnnotations(Contract.REPORT_ANNOTATION, report);
    assertThat(status(Fixtures.vm(Power.Running), facts(pod.endMetadata())).getPhase())
        .isEqualTo(Phase.Starting);
  }

  @Test
  void aGuestUnderEmulationSaysSo() {
    var pod = reported(State.Running).build();
    pod.getMetadata()
        .getAnnotations()
        .computeIfPresent("bulkhead.dev/report", (_, json) -> json.replace("KVM", "TCG"));
    var status = status(Fixtures.vm(Power.Running), facts(new PodBuilder(pod)));
    assertThat(status.getGuest().getAccelerator()).isEqualTo("TCG");
    assertThat(Conditions.find(status, ConditionType.Running).orElseThrow().getMessage())
        .contains("emulation (TCG), slowly");
  }

  private static Outlook outlook(VirtualMachine vm, VirtualMachineFacts facts) {
    var situation = Situation.of(vm, facts);
    var restart = RestartRecord.of(vm, situation, facts.now());
    return Outlook.of(vm, facts, situation, restart, new Outcome.Done());
  }

  private static VirtualMachineStatus status(VirtualMachine vm, VirtualMachineFacts facts) {
    var situation = Situation.of(vm, facts);
    var restart = RestartRecord.of(vm, situation, facts.now());
    return VirtualMachineStatusPlanner.plan(
        vm, facts, situation, restart, outlook(vm, facts), new Outcome.Done());
  }

  private static PodBuilder keeperNeverRan() {
    return bound()
        .editStatus()
        .withPhase("Failed")
        .addNewContainerStatus()
        .withName("keeper")
        .withNewState()
        .withNewTerminated()
        .withExitCode(128)
        .withReason("StartError")
        .withMessage("no shim")
        .withFinishedAt("2026-11-23T11:59:59Z")
        .endTerminated()
        .endState()
        .endContainerStatus()
        .endStatus();
  }

  private static PodBuilder unschedulable() {
    return created()
        .editStatus()
        .addNewCondition()
        .withType("PodScheduled")
        .withStatus("False")
        .withReason("Unschedulable")
        .withMessage("0/2 nodes are available: 2 Insufficient memory.")
        .endCondition()
        .endStatus();
  }

  private static PodBuilder waiting(String reason) {
    return keeperRuns()
        .editStatus()
        .editFirstContainerStatus()
        .withNewState()
        .withNewWaiting("why", reason)
        .endState()
        .endContainerStatus()
        .endStatus();
  }

  private static Arguments row(
      PodBuilder pod, Phase phase, String running, String scheduled, String words) {
    return Arguments.of(pod, phase, running, scheduled, words);
  }
}
