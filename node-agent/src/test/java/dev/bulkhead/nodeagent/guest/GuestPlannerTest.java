package dev.bulkhead.nodeagent.guest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.guest.Facts.Life;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain.State;
import dev.bulkhead.nodeagent.hypervisor.Hypervisor.Ending;
import dev.bulkhead.nodeagent.keeper.Exit;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class GuestPlannerTest {

  @Test
  void waitsForTheContainer() {
    assertThat(plan(Facts.of().withoutKeeper())).isInstanceOf(GuestPlan.Wait.class);
  }

  @Test
  void endsAGuestWhoseKeeperWasKilled() {
    assertThat(plan(Facts.of().withoutKeeper().domain(State.RUNNING).booted().joined()))
        .isEqualTo(new GuestPlan.Destroy());
    assertThat(plan(Facts.of().withoutKeeper().domain(State.PAUSED)))
        .isEqualTo(new GuestPlan.Destroy());
    assertThat(plan(Facts.of().withoutKeeper().booted())).isInstanceOf(GuestPlan.Wait.class);
  }

  @Test
  void launchesWhatHasNeverRun() {
    assertThat(plan(Facts.of())).isEqualTo(new GuestPlan.Launch());
  }

  @Test
  void waitsForTheFormerGuestOfTheSameVm() {
    assertThat(plan(Facts.of().nameTaken())).isInstanceOf(GuestPlan.Wait.class);
  }

  @Test
  void putsADomainIntoThePodBeforeItRuns() {
    assertThat(plan(Facts.of().domain(State.PAUSED))).isEqualTo(new GuestPlan.Join());
  }

  @Test
  void putsARunningDomainIntoThePodAgainAfterARestartOfTheAgent() {
    assertThat(plan(Facts.of().domain(State.RUNNING).booted())).isEqualTo(new GuestPlan.Join());
  }

  @Test
  void putsTheNextDomainIntoThePodAlthoughAnEarlierOneWas() {
    assertThat(plan(Facts.of().domain(State.PAUSED).joinedAnother()))
        .isEqualTo(new GuestPlan.Join());
  }

  @ParameterizedTest
  @CsvSource({
    "RUNNING, RUNNING, Keep",
    "RUNNING, PAUSED,  Pause",
    "PAUSED,  RUNNING, Resume",
    "PAUSED,  PAUSED,  Keep",
  })
  void followsThePowerWish(State is, State wish, String plan) {
    var facts = Facts.of().domain(is).booted().joined();

    assertThat(plan(wish == State.PAUSED ? facts.wishPaused() : facts).getClass().getSimpleName())
        .isEqualTo(plan);
  }

  @Test
  void doesNothingWhileLibvirtIsNotDone() {
    var changing =
        List.of(
            Facts.of().domain(State.CHANGING),
            Facts.of().domain(State.CHANGING).booted().joined(),
            Facts.of().domain(State.CHANGING).booted().deleted(0),
            Facts.of().domain(State.CHANGING).booted().life(Life.ENDED),
            Facts.of().domain(State.CHANGING).booted().life(Life.GONE).leftovers(),
            Facts.of().domain(State.CHANGING).booted().end(new GuestEnd(Exit.CRASHED, "hung")));

    assertThat(changing)
        .allSatisfy(facts -> assertThat(plan(facts)).isInstanceOf(GuestPlan.Wait.class));
  }

  @Test
  void haltsAGuestWithoutSpaceUntilThereIsSome() {
    var full = Facts.of().domain(State.OUT_OF_SPACE).booted().joined();

    assertThat(plan(full)).isEqualTo(new GuestPlan.AwaitSpace());
    assertThat(plan(full.deleted(30))).isEqualTo(new GuestPlan.AwaitSpace());
    assertThat(plan(full.space())).isEqualTo(new GuestPlan.Resume());
    assertThat(plan(full.deleted(0))).isEqualTo(new GuestPlan.Destroy());
    assertThat(plan(Facts.of().domain(State.OUT_OF_SPACE).booted().joined().space().wishPaused()))
        .isEqualTo(new GuestPlan.Keep());
  }

  @Test
  void endsAGuestThatHungAsACrash() {
    var hung = Facts.of().domain(State.HUNG).booted().joined();

    assertThat(plan(hung))
        .isInstanceOfSatisfying(
            GuestPlan.GiveUp.class,
            giveUp -> {
              assertThat(giveUp.end().exit()).isEqualTo(Exit.CRASHED);
              assertThat(giveUp.end().message()).contains("watchdog");
              assertThat(plan(hung.end(giveUp.end()))).isEqualTo(new GuestPlan.Destroy());
            });
    assertThat(plan(Facts.of().domain(State.HUNG).booted().joined().deleted(30)))
        .isInstanceOf(GuestPlan.GiveUp.class);
  }

  @ParameterizedTest
  @CsvSource({
    "POWERED_OFF, POWERED_OFF",
    "CRASHED,     CRASHED",
    "DESTROYED,   CRASHED",
    "UNKNOWN,     CRASHED",
  })
  void tellsHowARunEnded(Ending ending, Exit exit) {
    assertThat(plan(Facts.of().booted().ended(ending)))
        .isInstanceOfSatisfying(
            GuestPlan.End.class, end -> assertThat(end.end().exit()).isEqualTo(exit));
  }

  @Test
  void saysThatMemoryRanOut() {
    assertThat(plan(Facts.of().booted().ended(Ending.CRASHED).ranOutOfMemory()))
        .isInstanceOfSatisfying(
            GuestPlan.End.class, end -> assertThat(end.end().message()).contains("memory"));
  }

  @Test
  void neverStartsAGuestTwiceInOnePod() {
    assertThat(plan(Facts.of().booted())).isInstanceOf(GuestPlan.End.class);
  }

  @Test
  void repeatsTheEndUntilTheKeeperHasHeardIt() {
    var end = new GuestEnd(Exit.START_FAILED, "no kernel");

    assertThat(plan(Facts.of().end(end))).isEqualTo(new GuestPlan.End(end));
    assertThat(plan(Facts.of().end(end).withoutKeeper())).isInstanceOf(GuestPlan.Wait.class);
  }

  @ParameterizedTest
  @CsvSource({
    "0, does not understand the annotation bulkhead.dev/guest",
    "1, does not understand the annotation bulkhead.dev/guest",
    "5, 'needs guest format 5, and its node''s agent is older and knows formats up to 4'"
  })
  void refusesAGuestThatItDoesNotUnderstand(int format, String words) {
    assertThat(plan(Facts.of().foreignGuest(format)))
        .isInstanceOfSatisfying(
            GuestPlan.End.class,
            end -> {
              assertThat(end.end().exit()).isEqualTo(Exit.START_FAILED);
              assertThat(end.end().message()).contains(words).contains("to the same version");
            });
  }

  /// A newer agent may have started it, before a rollback.
  @Test
  void takesOnAGuestThatRunsEvenIfItDoesNotUnderstandIt() {
    assertThat(plan(Facts.of().foreignGuest(2).domain(State.RUNNING).booted()))
        .isEqualTo(new GuestPlan.Join());
    assertThat(plan(Facts.of().foreignGuest(2).domain(State.RUNNING).booted().joined()))
        .isEqualTo(new GuestPlan.Keep());
    assertThat(plan(Facts.of().foreignGuest(2).domain(State.RUNNING).booted().joined().deleted(30)))
        .isEqualTo(new GuestPlan.PressPowerButton());
  }

  @Test
  void asksTheGuestToShutDownWhenItsPodIsDeleted() {
    assertThat(plan(Facts.of().domain(State.RUNNING).booted().joined().deleted(30)))
        .isEqualTo(new GuestPlan.PressPowerButton());
  }

  @Test
  void wakesAPausedGuestSoThatItCanShutDown() {
    assertThat(plan(Facts.of().domain(State.PAUSED).booted().joined().wishPaused().deleted(30)))
        .isEqualTo(new GuestPlan.Resume());
  }

  @ParameterizedTest
  @CsvSource({"3, PressPowerButton", "2, Destroy", "0, Destroy", "-5, Destroy"})
  void cutsThePowerTwoSecondsBeforeTheGracePeriodEnds(long secondsLeft, String plan) {
    var facts = Facts.of().domain(State.RUNNING).booted().joined().deleted(secondsLeft);

    assertThat(plan(facts).getClass().getSimpleName()).isEqualTo(plan);
  }

  @Test
  void tellsThatAGuestWhosePodWasDeletedTooEarlyWasNeverStarted() {
    assertThat(plan(Facts.of().deleted(30)))
        .isEqualTo(
            new GuestPlan.End(new GuestEnd(Exit.POWERED_OFF, "the guest was never started")));
  }

  @ParameterizedTest
  @CsvSource({
    "'START_FAILED\nno kernel', START_FAILED, no kernel",
    "'POWERED_OFF\n',           POWERED_OFF,  ''",
    "'POWERED_OFF',             CRASHED,      POWERED_OFF",
    "'ABDUCTED\nby aliens',     CRASHED,      'ABDUCTED\nby aliens'",
  })
  void readsAnEndEvenInWordsOfAnotherVersion(String text, Exit exit, String message) {
    assertThat(GuestEnd.parse(text)).isEqualTo(new GuestEnd(exit, message));
  }

  @Test
  void destroysAtOnceWhatHasNeverRun() {
    assertThat(plan(Facts.of().domain(State.PAUSED).deleted(30)))
        .isEqualTo(new GuestPlan.Destroy());
  }

  @ParameterizedTest
  @CsvSource({
    "POWERED_OFF, POWERED_OFF, was shut down",
    "DESTROYED,   POWERED_OFF, grace period",
    "CRASHED,     CRASHED,     crashed",
  })
  void tellsHowAShutdownEnded(Ending ending, Exit exit, String message) {
    assertThat(plan(Facts.of().booted().ended(ending).deleted(30)))
        .isInstanceOfSatisfying(
            GuestPlan.End.class,
            end -> {
              assertThat(end.end().exit()).isEqualTo(exit);
              assertThat(end.end().message()).contains(message);
            });
  }

  @ParameterizedTest
  @EnumSource(names = {"ENDED", "GONE"})
  void leavesNothingOfAGuestWithoutALivingPod(Life life) {
    assertThat(plan(Facts.of().life(life))).isEqualTo(new GuestPlan.Nothing());
    assertThat(plan(Facts.of().life(life).leftovers())).isEqualTo(new GuestPlan.CleanUp());
    assertThat(plan(Facts.of().life(life).leftovers().domain(State.RUNNING)))
        .isEqualTo(new GuestPlan.Destroy());
  }

  private static GuestPlan plan(Facts facts) {
    return GuestPlanner.plan(facts.build());
  }

  private static Facts running() {
    return Facts.of().booted().joined().domain(State.RUNNING);
  }

  @Test
  void aRunningGuestIsGivenWhatItsClaimsHaveNow() {
    var wanted = Hardware.wanted(Hardware.TWO);
    assertThat(GuestPlanner.plan(running().wants(wanted).build()))
        .isEqualTo(new GuestPlan.Attach(Hardware.DISK));
    assertThat(GuestPlanner.plan(running().domainHas(Hardware.DISK).wants(wanted).build()))
        .isEqualTo(new GuestPlan.Attach(Hardware.CARD));
    assertThat(
            GuestPlanner.plan(
                running().domainHas(Hardware.CARD, Hardware.DISK).wants(wanted).build()))
        .isEqualTo(new GuestPlan.Keep());
  }

  @Test
  void whatIsAskedBackIsTakenFirst() {
    var wanted = Hardware.wanted(Hardware.TWO.subList(1, 2));
    assertThat(GuestPlanner.plan(running().domainHas(Hardware.DISK).wants(wanted).build()))
        .isEqualTo(new GuestPlan.Detach(Hardware.DISK));
  }

  @Test
  void aDeviceThatIsInTroubleKeepsNoOtherWaiting() {
    var wanted = Hardware.wanted(Hardware.TWO);
    assertThat(GuestPlanner.plan(running().wants(wanted).troubled(Hardware.DISK).build()))
        .isEqualTo(new GuestPlan.Attach(Hardware.CARD));
    var asked = running().domainHas(Hardware.DISK, Hardware.CARD).wants(Hardware.wanted(List.of()));
    assertThat(GuestPlanner.plan(asked.troubled(Hardware.DISK).build()))
        .isEqualTo(new GuestPlan.Detach(Hardware.CARD));
  }

  /// Its claims' files cannot be read, or a pod does not tell of its claims yet.
  @Test
  void aGuestOfWhichItIsNotKnownWhatItShouldHaveKeepsWhatItHas() {
    assertThat(GuestPlanner.plan(running().domainHas(Hardware.DISK).wants(null).build()))
        .isEqualTo(new GuestPlan.Keep());
  }

  @Test
  void aHaltedGuestIsGivenNothingAndAskedForNothing() {
    var halted = Facts.of().booted().joined().wishPaused().domain(State.PAUSED);
    assertThat(
            GuestPlanner.plan(
                halted
                    .domainHas(Hardware.CARD)
                    .wants(Hardware.wanted(Hardware.TWO.subList(0, 1)))
                    .build()))
        .isEqualTo(new GuestPlan.Keep());
  }
}
