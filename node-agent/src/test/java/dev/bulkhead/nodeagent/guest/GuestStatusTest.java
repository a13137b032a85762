package dev.bulkhead.nodeagent.guest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.GuestReport.Accelerator;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain.State;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GuestStatusTest {

  @ParameterizedTest
  @CsvSource({"RUNNING, Running", "PAUSED, Paused"})
  void reportsWhatTheGuestDoes(State state, GuestReport.State reported) {
    var facts = Facts.of().domain(state).booted().joined().build();

    assertThat(GuestStatus.of(facts, new GuestPlan.Keep(), null, Accelerator.TCG))
        .isEqualTo(
            new GuestReport(
                GuestReport.FORMAT,
                reported,
                Facts.BOOTED.toString(),
                Accelerator.TCG,
                null,
                null));
  }

  @ParameterizedTest
  @CsvSource({"58, false", "57, true"})
  void saysOnlyAfterThreeSecondsThatAGuestShutsDown(long secondsLeft, boolean said) {
    var facts = Facts.of().domain(State.RUNNING).booted().joined().deleted(secondsLeft).build();

    var report = GuestStatus.of(facts, new GuestPlan.PressPowerButton(), null, Accelerator.KVM);

    assertThat(report != null).isEqualTo(said);
    if (said) {
      assertThat(report.state()).isEqualTo(GuestReport.State.Stopping);
      assertThat(report.message()).contains("its power is cut at 2026-11-23T12:00:55Z");
    }
  }

  @ParameterizedTest
  @CsvSource({"2, false", "3, true"})
  void saysOnlyAfterThreeSecondsWhatAStartWaitsFor(long secondsAgo, boolean said) {
    var facts = Facts.of().keeperStarted(secondsAgo).build();

    var report = GuestStatus.delayed(facts.pod(), null, facts.now(), "libvirtd is away");

    assertThat(report != null).isEqualTo(said);
    if (said) {
      assertThat(report.state()).isEqualTo(GuestReport.State.Starting);
      assertThat(report.message()).isEqualTo("libvirtd is away");
    }
  }

  @Test
  void saysNothingBadOfAGuestThatHasRunWhenLibvirtIsAway() {
    var facts = Facts.of().build();

    assertThat(GuestStatus.delayed(facts.pod(), Facts.BOOTED, facts.now(), "libvirtd is away"))
        .isNull();
  }

  @Test
  void leavesTheEndToTheKeeper() {
    var facts = Facts.of().booted().build();

    assertThat(GuestStatus.of(facts, GuestPlanner.plan(facts), null, Accelerator.KVM)).isNull();
  }

  @Test
  void tellsOfTheDevicesThatTheGuestHasAlready() {
    var facts =
        Facts.of()
            .booted()
            .joined()
            .domain(State.RUNNING)
            .domainHas(Hardware.CARD)
            .wants(Hardware.wanted(Hardware.TWO))
            .build();
    var report = GuestStatus.of(facts, new GuestPlan.Keep(), "no slot", Accelerator.KVM);
    assertThat(report.state()).isEqualTo(GuestReport.State.Running);
    assertThat(report.message()).isEqualTo("no slot");
    assertThat(report.devices())
        .containsExactly(new GuestReport.Device("card", "0000:03:00.0", 14));
  }
}
