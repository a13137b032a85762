package dev.bulkhead.operator.leadership;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import java.time.Duration;
import java.time.ZonedDateTime;
import org.junit.jupiter.api.Test;

/// Two replicas, "me" and "other", and what either may conclude; their wall clocks are anything.
class CandidacyTest {
  private static final ZonedDateTime WHENEVER = ZonedDateTime.parse("2026-11-23T12:00:00Z");

  /// Near its end, as `System.nanoTime` may be.
  private long now = Long.MAX_VALUE - Duration.ofSeconds(5).toNanos();

  private final Candidacy me = new Candidacy("me", Duration.ofSeconds(7), () -> now);

  @Test
  void nobodyLeadsBeforeItHasWritten() {
    assertThat(me.held()).isFalse();
  }

  @Test
  void aVacantLeaseIsForTheTaking() {
    assertThat(me.mayClaim(lease("1", null, 7))).isTrue();
    assertThat(me.mayClaim(lease("2", "", 7))).isTrue();
  }

  @Test
  void leadsForTheLengthOfTheLeaseFromBeforeItsWrite() {
    var before = now;
    pass(2000);
    assertThat(me.wrote(before)).as("gained").isTrue();
    pass(4999);
    assertThat(me.held()).isTrue();
    pass(1);
    assertThat(me.held()).isFalse();
  }

  @Test
  void aRenewalIsNoGainAndOneAfterTheTimeRanOutIs() {
    me.wrote(now);
    pass(6999);
    assertThat(me.wrote(now)).isFalse();
    pass(7000);
    assertThat(me.wrote(now)).isTrue();
  }

  @Test
  void aWriteThatTookLongerThanTheLeaseGainsNothing() {
    var before = now;
    pass(7000);
    assertThat(me.wrote(before)).isFalse();
    assertThat(me.held()).isFalse();
  }

  @Test
  void anothersLeaseIsLeftAloneForItsLengthFromWhenItWasSeenToChange() {
    assertThat(me.mayClaim(lease("1", "other", 7))).isFalse();
    pass(6999);
    assertThat(me.mayClaim(lease("1", "other", 7))).isFalse();
    pass(1);
    assertThat(me.mayClaim(lease("1", "other", 7))).isTrue();
    assertThat(me.mayClaim(lease("2", "other", 7))).as("renewed at last").isFalse();
  }

  /// Of another release, which promises another length.
  @Test
  void theLengthIsThatOfTheHolder() {
    assertThat(me.mayClaim(lease("1", "other", 15))).isFalse();
    pass(14_999);
    assertThat(me.mayClaim(lease("1", "other", 15))).isFalse();
    pass(1);
    assertThat(me.mayClaim(lease("1", "other", 15))).isTrue();
  }

  @Test
  void aLeaseThatPromisesNothingIsTakenForOneOfOurs() {
    assertThat(me.mayClaim(lease("1", "other", null))).isFalse();
    pass(7000);
    assertThat(me.mayClaim(lease("1", "other", null))).isTrue();
  }

  @Test
  void stopsAtOnceWhenAnotherIsSeenToHoldIt() {
    me.wrote(now);
    me.mayClaim(lease("9", "other", 7));
    assertThat(me.held()).isFalse();
  }

  /// As after its container was restarted, or when its last write was heard but not confirmed.
  @Test
  void itsOwnLeaseIsItsOwnAtAnyTime() {
    assertThat(me.mayClaim(lease("1", "me", 7))).isTrue();
  }

  @Test
  void whatIsWrittenTellsWhoHoldsItAndSinceWhen() {
    var taken = me.claimed(lease("5", "other", 15), WHENEVER);
    assertThat(taken.getMetadata().getResourceVersion()).isEqualTo("5");
    assertThat(taken.getSpec().getHolderIdentity()).isEqualTo("me");
    assertThat(taken.getSpec().getLeaseDurationSeconds()).isEqualTo(7);
    assertThat(taken.getSpec().getAcquireTime()).isEqualTo(WHENEVER);
    assertThat(taken.getSpec().getRenewTime()).isEqualTo(WHENEVER);
    assertThat(taken.getSpec().getLeaseTransitions()).isEqualTo(1);

    var renewed = me.claimed(taken, WHENEVER.plusSeconds(2));
    assertThat(renewed.getSpec().getAcquireTime()).isEqualTo(WHENEVER);
    assertThat(renewed.getSpec().getRenewTime()).isEqualTo(WHENEVER.plusSeconds(2));
    assertThat(renewed.getSpec().getLeaseTransitions()).isEqualTo(1);
  }

  private void pass(long millis) {
    now += Duration.ofMillis(millis).toNanos();
  }

  private static Lease lease(String version, String holder, Integer seconds) {
    return new LeaseBuilder()
        .withNewMetadata()
        .withResourceVersion(version)
        .endMetadata()
        .withNewSpec()
        .withHolderIdentity(holder)
        .withLeaseDurationSeconds(seconds)
        .endSpec()
        .build();
  }
}
