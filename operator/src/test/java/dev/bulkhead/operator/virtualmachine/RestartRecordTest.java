package dev.bulkhead.operator.virtualmachine;

import static dev.bulkhead.operator.virtualmachine.Fixtures.ended;
import static dev.bulkhead.operator.virtualmachine.Fixtures.facts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.crds.VirtualMachineSpec.RestartPolicy;
import dev.bulkhead.crds.VirtualMachineStatus;
import dev.bulkhead.operator.virtualmachine.GuestEnd.Cause;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestartRecordTest {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

  @ParameterizedTest
  @CsvSource({
    "Always,    PoweredOff,  true",
    "Always,    Crashed,     true",
    "Always,    Evicted,     true",
    "Always,    StartFailed, true",
    "OnFailure, PoweredOff,  false",
    "OnFailure, Crashed,     true",
    "OnFailure, Evicted,     true",
    "OnFailure, StartFailed, true",
    "Never,     PoweredOff,  false",
    "Never,     Crashed,     false",
    "Never,     Evicted,     false",
    "Never,     StartFailed, true",
  })
  void policyAndCauseDecideWhetherItIsStartedAgain(
      RestartPolicy policy, Cause cause, boolean startedAgain) {
    var record = RestartRecord.after(end(cause, Duration.ZERO), null, policy, false, NOW);
    assertThat(record.nextStart() != null).isEqualTo(startedAgain);
    assertThat(record.count()).isEqualTo(startedAgain ? 1 : 0);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0",
    "2, 10",
    "3, 20",
    "4, 40",
    "5, 80",
    "6, 160",
    "7, 300",
    "8, 300",
    "1000, 300"
  })
  void restartsBackOffAsKubeletsDo(int restart, long seconds) {
    assertThat(RestartRecord.delay(restart)).isEqualTo(Duration.ofSeconds(seconds));
  }

  @Test
  void anEndIsCountedOnceHoweverOftenItIsSeen() {
    var end = end(Cause.Crashed, Duration.ZERO);
    var first = RestartRecord.after(end, null, RestartPolicy.Always, false, NOW);
    var again =
        RestartRecord.after(end, first.toStatus(), RestartPolicy.Always, false, NOW.plusSeconds(5));
    assertThat(again.count()).isEqualTo(1);
    assertThat(again.nextStart()).isEqualTo(first.nextStart());
  }

  @Test
  void anEndInTheStatusOfAnOlderReleaseIsNotCountedAgain() {
    var end = end(Cause.Crashed, Duration.ZERO);
    var counted = RestartRecord.after(end, null, RestartPolicy.Always, false, NOW).toStatus();
    counted.setLastExitPod(null);
    var again = RestartRecord.after(end, counted, RestartPolicy.Always, false, NOW.plusSeconds(5));
    assertThat(again.count()).isEqualTo(1);
    var next = new GuestEnd("pod-2", Cause.Crashed, "again", NOW.plusSeconds(60), Duration.ZERO);
    assertThat(
            RestartRecord.after(next, counted, RestartPolicy.Always, false, NOW.plusSeconds(61))
                .count())
        .isEqualTo(2);
  }

  /// Else a guest that crashes at once would be started without end on a node whose clock is wrong.
  @Test
  void theBackOffIsNoShorterForAnEndThatANodesClockPutsIntoThePast() {
    var first =
        RestartRecord.after(
            end(Cause.Crashed, Duration.ZERO), null, RestartPolicy.Always, false, NOW);
    var early = new GuestEnd("pod-2", Cause.Crashed, "again", NOW.minusSeconds(300), Duration.ZERO);
    assertThat(
            RestartRecord.after(early, first.toStatus(), RestartPolicy.Always, false, NOW)
                .nextStart())
        .isEqualTo(NOW.plusSeconds(10));
  }

  @Test
  void theBackOffIsNoLongerForAReplicaWhoseClockIsBehind() {
    var end = new GuestEnd("pod-2", Cause.Crashed, "again", NOW, Duration.ZERO);
    var promised = new RestartRecord(2, end, NOW.plusSeconds(310));
    assertThat(
            RestartRecord.after(end, promised.toStatus(), RestartPolicy.Always, false, NOW)
                .nextStart())
        .isEqualTo(NOW.plusSeconds(10));
  }

  /// Kubelet may tell a pod's end in more than one write: first that it failed, later how and when.
  @Test
  void anEndOfWhichMoreIsToldLaterIsStillTheSameEnd() {
    var atFirst = new GuestEnd("pod-1", Cause.Evicted, "no word", NOW, Duration.ZERO);
    var first = RestartRecord.after(atFirst, null, RestartPolicy.Always, false, NOW);
    var later =
        new GuestEnd("pod-1", Cause.Crashed, "exit code 1", NOW.minusSeconds(3), Duration.ZERO);
    var again =
        RestartRecord.after(
            later, first.toStatus(), RestartPolicy.Always, false, NOW.plusSeconds(5));
    assertThat(again).isEqualTo(first);
  }

  @Test
  void twoPodsThatEndAlikeInTheSameSecondAreTwoEnds() {
    var first =
        RestartRecord.after(
            end(Cause.Crashed, Duration.ZERO), null, RestartPolicy.Always, false, NOW);
    var other = new GuestEnd("pod-2", Cause.Crashed, "it ended", NOW, Duration.ZERO);
    assertThat(
            RestartRecord.after(other, first.toStatus(), RestartPolicy.Always, false, NOW).count())
        .isEqualTo(2);
  }

  @Test
  void tenMinutesOfRunningAreForgiven() {
    var before =
        RestartRecord.after(
            end(Cause.Crashed, Duration.ZERO), null, RestartPolicy.Always, false, NOW);
    var later =
        new GuestEnd("pod-2", Cause.Crashed, "again", NOW.plusSeconds(900), Duration.ofMinutes(10));
    var record =
        RestartRecord.after(
            later, before.toStatus(), RestartPolicy.Always, false, NOW.plusSeconds(900));
    assertThat(record.count()).isEqualTo(1);
    assertThat(record.due(NOW.plusSeconds(900))).isTrue();
  }

  @Test
  void aChangedSpecEndsTheBackOff() {
    var before = end(Cause.StartFailed, Duration.ZERO);
    var first = RestartRecord.after(before, null, RestartPolicy.Never, false, NOW);
    var second =
        new GuestEnd("pod-2", Cause.StartFailed, "no kernel", NOW.plusSeconds(2), Duration.ZERO);
    var waiting =
        RestartRecord.after(
            second, first.toStatus(), RestartPolicy.Never, false, NOW.plusSeconds(3));
    assertThat(waiting.due(NOW.plusSeconds(3))).isFalse();
    var changed =
        RestartRecord.after(
            second, waiting.toStatus(), RestartPolicy.Never, true, NOW.plusSeconds(4));
    assertThat(changed.due(NOW.plusSeconds(4))).isTrue();
  }

  @Test
  void aGuestThatStaysOffIsStartedWhenThePolicyComesToAllowIt() {
    var end = end(Cause.Crashed, Duration.ZERO);
    var off = RestartRecord.after(end, null, RestartPolicy.Never, false, NOW).toStatus();
    assertThat(RestartRecord.after(end, off, RestartPolicy.Never, false, NOW).nextStart()).isNull();
    assertThat(RestartRecord.after(end, off, RestartPolicy.Always, false, NOW).nextStart())
        .isEqualTo(NOW);
  }

  @Test
  void aSpecThatIsNotThePodsStartsAnEndedGuestAtOnce() {
    var vm = Fixtures.vm(Power.Running);
    vm.getSpec().setRestartPolicy(RestartPolicy.Never);
    assertThat(recordOf(vm, facts(ended(1))).nextStart()).isNull();
    vm.getSpec().getCpu().setCores(2);
    assertThat(recordOf(vm, facts(ended(1))).due(NOW)).isTrue();
  }

  @Test
  void aSpecThatTheStatusHasNotSeenStartsARememberedGuestAtOnce() {
    var vm = Fixtures.vm(Power.Running);
    vm.getSpec().setRestartPolicy(RestartPolicy.Never);
    vm.setStatus(remembering(recordOf(vm, facts(ended(1))), Reason.Crashed));
    var gone = new VirtualMachineFacts(null, null, List.of(), List.of(), NOW);
    assertThat(recordOf(vm, gone).nextStart()).isNull();
    vm.getMetadata().setGeneration(4L);
    assertThat(recordOf(vm, gone).due(NOW)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"Running", "Stopped", "Starting", "SomethingNew"})
  void anEndIsForgottenOnceTheStatusTellsOfSomethingElse(String reason) {
    var record = new RestartRecord(3, end(Cause.Crashed, Duration.ZERO), NOW);
    var status = remembering(record, Reason.BackOff);
    assertThat(RestartRecord.remembered(status)).contains(record);
    status.getConditions().getFirst().setReason(reason);
    assertThat(RestartRecord.remembered(status)).isEmpty();
    assertThat(RestartRecord.remembered(null)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "Abducted, 2026-11-23T12:00:00Z,",
    "Crashed,  ,",
    "Crashed,  yesterday,",
    "Crashed,  2026-11-23T12:00:00Z, soon"
  })
  void anEndThatNobodyUnderstandsIsNone(String cause, String at, String next) {
    var status =
        remembering(new RestartRecord(3, end(Cause.Crashed, Duration.ZERO), NOW), Reason.BackOff);
    status.getRestarts().setLastExitReason(cause);
    status.getRestarts().setLastExitTime(at);
    status.getRestarts().setNextStartTime(next);
    assertThat(RestartRecord.remembered(status)).isEmpty();
  }

  @Test
  void aGuestThatRunsAgainKeepsItsCountAndHasNoNextStart() {
    var record = new RestartRecord(3, end(Cause.Crashed, Duration.ZERO), NOW);
    assertThat(RestartRecord.withoutNextStart(record.toStatus()))
        .usingRecursiveComparison()
        .isEqualTo(new RestartRecord(3, record.end(), null).toStatus());
    assertThat(RestartRecord.withoutNextStart(null)).isNull();
  }

  private static VirtualMachineStatus remembering(RestartRecord record, Reason reason) {
    var status = new VirtualMachineStatus();
    status.setObservedGeneration(3L);
    status.setRestarts(record.toStatus());
    status.setConditions(
        List.of(new ConditionBuilder().withType("Running").withReason(reason.name()).build()));
    return status;
  }

  private static RestartRecord recordOf(VirtualMachine vm, VirtualMachineFacts facts) {
    return RestartRecord.of(vm, Situation.of(vm, facts), NOW).orElseThrow();
  }

  @Test
  void aNodesFastClockDoesNotDelayARestart() {
    var end = new GuestEnd("pod-1", Cause.Crashed, "", NOW.plusSeconds(3600), Duration.ZERO);
    assertThat(RestartRecord.after(end, null, RestartPolicy.Always, false, NOW).due(NOW)).isTrue();
  }

  private static GuestEnd end(Cause cause, Duration ranFor) {
    return new GuestEnd("pod-1", cause, "it ended", NOW, ranFor);
  }
}
