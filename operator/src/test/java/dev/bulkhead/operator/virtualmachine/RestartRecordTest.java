package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachineSpec.RestartPolicy;
import dev.bulkhead.operator.virtualmachine.GuestEnd.Cause;
import java.time.Duration;
import java.time.Instant;
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
  void aNodesFastClockDoesNotDelayARestart() {
    var end = new GuestEnd("pod-1", Cause.Crashed, "", NOW.plusSeconds(3600), Duration.ZERO);
    assertThat(RestartRecord.after(end, null, RestartPolicy.Always, false, NOW).due(NOW)).isTrue();
  }

  private static GuestEnd end(Cause cause, Duration ranFor) {
    return new GuestEnd("pod-1", cause, "it ended", NOW, ranFor);
  }
}
