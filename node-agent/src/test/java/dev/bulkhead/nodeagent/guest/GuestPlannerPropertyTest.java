package dev.bulkhead.nodeagent.guest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.GuestReport.Accelerator;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain.State;
import dev.bulkhead.nodeagent.hypervisor.Hypervisor.Ending;
import dev.bulkhead.nodeagent.keeper.Exit;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

/// What holds for any facts, and for any order of what pods, guests, kubelet and libvirt may do
/// while the agent looks, is killed and starts again. That nothing forbidden happens on the way is
/// `ModelNode`'s to say.
class GuestPlannerPropertyTest {

  enum Event {
    AGENT_LOOKS(ModelNode::agentLooks),
    AGENT_IS_KILLED_AFTER_A_STEP(
        node -> {
          node.agentTakesAStep();
          node.agentRestarts();
        }),
    AGENT_RESTARTS(ModelNode::agentRestarts),
    CONTAINER_RUNS(ModelNode::containerRuns),
    GUEST_POWERS_OFF(node -> node.guestEnds(Ending.POWERED_OFF)),
    GUEST_PANICS(node -> node.guestEnds(Ending.CRASHED)),
    NOBODY_KNOWS_HOW_IT_ENDED(node -> node.guestEnds(Ending.UNKNOWN)),
    QEMU_IS_KILLED(ModelNode::qemuIsKilled),
    SOMEBODY_SUSPENDS_IT(node -> node.somebodySetsIt(State.PAUSED)),
    SOMEBODY_RESUMES_IT(node -> node.somebodySetsIt(State.RUNNING)),
    FILE_SYSTEM_FILLS(ModelNode::fileSystemFills),
    FILE_SYSTEM_HAS_SPACE(ModelNode::fileSystemHasSpace),
    WATCHDOG_BARKS(ModelNode::watchdogBarks),
    KEEPER_IS_KILLED(ModelNode::keeperEnds),
    KEEPER_OBEYS(ModelNode::keeperEndsIfTold),
    POD_IS_DELETED(ModelNode::podIsDeleted),
    POD_GOES(ModelNode::podGoes),
    TWO_DEVICES_ARE_ITS(node -> node.wishDevices(Hardware.TWO)),
    ONE_DEVICE_IS_ITS(node -> node.wishDevices(Hardware.TWO.subList(1, 2))),
    NO_DEVICE_IS_ITS(node -> node.wishDevices(List.of())),
    PAUSE(node -> node.wish(true)),
    GO_ON(node -> node.wish(false)),
    FORMER_GUEST_STILL_RUNS(node -> node.formerGuest(true)),
    FORMER_GUEST_IS_GONE(node -> node.formerGuest(false)),
    SPEC_IS_OF_ANOTHER_VERSION(ModelNode::isForeign),
    IMAGE_BREAKS(ModelNode::imageBreaks),
    A_SECOND_PASSES(node -> node.pass(Duration.ofSeconds(1))),
    A_MINUTE_PASSES(node -> node.pass(Duration.ofMinutes(1)));

    @SuppressWarnings("ImmutableEnumChecker") // lambdas that capture nothing
    private final Consumer<ModelNode> happening;

    Event(Consumer<ModelNode> happening) {
      this.happening = happening;
    }
  }

  private static final List<Event> USUAL =
      List.of(
          Event.AGENT_LOOKS,
          Event.AGENT_LOOKS,
          Event.AGENT_IS_KILLED_AFTER_A_STEP,
          Event.CONTAINER_RUNS,
          Event.A_SECOND_PASSES,
          Event.PAUSE,
          Event.GO_ON);

  @Provide
  Arbitrary<List<Event>> lives() {
    return Arbitraries.oneOf(Arbitraries.of(USUAL), Arbitraries.of(Event.class))
        .list()
        .ofMinSize(5)
        .ofMaxSize(50);
  }

  @Property(tries = 5000, edgeCases = EdgeCasesMode.NONE)
  void everyLifeRestsAtEachLookAndLeavesNothing(@ForAll("lives") List<Event> events) {
    var node = new ModelNode();
    for (var event : events) {
      event.happening.accept(node);
    }

    var rest = node.agentLooks();
    if (rest instanceof GuestPlan.Keep && node.facts().domain().state() == State.RUNNING) {
      assertThat(node.attached()).as("its devices").isEqualTo(node.wishedDevices());
    }
    var facts = node.facts();
    assertThat(node.agentLooks()).as("a second look").isEqualTo(rest);
    assertThat(node.facts()).isEqualTo(facts);

    node.podIsDeleted();
    node.agentLooks();
    node.pass(Duration.ofMinutes(2));
    assertThat(node.agentLooks())
        .isInstanceOfAny(GuestPlan.End.class, GuestPlan.Wait.class, GuestPlan.Nothing.class);
    node.keeperEnds();
    node.podGoes();
    assertThat(node.agentLooks()).isEqualTo(new GuestPlan.Nothing());
    assertThat(node.clean()).as("nothing is left").isTrue();
  }

  @Provide
  Arbitrary<Consumer<Facts>> facets() {
    return Arbitraries.of(
        List.of(
            f -> f.life(Facts.Life.ENDED),
            f -> f.life(Facts.Life.GONE),
            f -> f.foreignGuest(2),
            Facts::wishPaused,
            f -> f.deleted(30),
            f -> f.deleted(2),
            f -> f.deleted(-5),
            f -> f.keeperStarted(0),
            Facts::keeperNotReported,
            Facts::withoutKeeper,
            f -> f.domain(State.RUNNING),
            f -> f.domain(State.PAUSED),
            f -> f.domain(State.OUT_OF_SPACE),
            f -> f.domain(State.HUNG),
            f -> f.domain(State.CHANGING),
            f -> f.domain(State.RUNNING).domainHas(Hardware.DISK),
            f -> f.wants(Hardware.wanted(Hardware.TWO)),
            f -> f.wants(null),
            Facts::space,
            Facts::nameTaken,
            Facts::booted,
            f -> f.ended(Ending.POWERED_OFF),
            f -> f.ended(Ending.DESTROYED),
            f -> f.ended(Ending.CRASHED),
            f -> f.end(new GuestEnd(Exit.CRASHED, "x")),
            Facts::joined,
            Facts::joinedAnother,
            Facts::leftovers));
  }

  @Property(tries = 20_000, edgeCases = EdgeCasesMode.NONE)
  void anyFactsHaveOnePlanAndOneReport(
      @ForAll @Size(max = 12) List<@From("facets") Consumer<Facts>> facets) {
    var facts = Facts.of();
    facets.forEach(facet -> facet.accept(facts));

    var plan = GuestPlanner.plan(facts.build());

    assertThat(GuestPlanner.plan(facts.build())).isEqualTo(plan);
    assertThat(GuestStatus.of(facts.build(), plan, null, Accelerator.KVM))
        .isEqualTo(GuestStatus.of(facts.build(), plan, null, Accelerator.KVM));
    if (plan instanceof GuestPlan.Launch) {
      assertThat(facts.build().domain()).isNull();
      assertThat(facts.build().bootedAt()).isNull();
    }
    if (plan instanceof GuestPlan.End) {
      assertThat(facts.build().domain()).isNull();
      assertThat(facts.build().keeper()).isNotNull();
    }
  }
}
