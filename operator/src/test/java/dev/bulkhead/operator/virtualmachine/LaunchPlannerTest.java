package dev.bulkhead.operator.virtualmachine;

import static dev.bulkhead.operator.virtualmachine.Fixtures.NOW;
import static dev.bulkhead.operator.virtualmachine.Fixtures.SETTINGS;
import static dev.bulkhead.operator.virtualmachine.Fixtures.bound;
import static dev.bulkhead.operator.virtualmachine.Fixtures.created;
import static dev.bulkhead.operator.virtualmachine.Fixtures.deleting;
import static dev.bulkhead.operator.virtualmachine.Fixtures.ended;
import static dev.bulkhead.operator.virtualmachine.Fixtures.facts;
import static dev.bulkhead.operator.virtualmachine.Fixtures.keeperRuns;
import static dev.bulkhead.operator.virtualmachine.Fixtures.reported;
import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.crds.VirtualMachineStatus;
import dev.bulkhead.operator.virtualmachine.LaunchPlan.Create;
import dev.bulkhead.operator.virtualmachine.LaunchPlan.Delete;
import dev.bulkhead.operator.virtualmachine.LaunchPlan.SetPower;
import dev.bulkhead.operator.virtualmachine.LaunchPlan.Wait;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LaunchPlannerTest {
  private static final String SOON = "2026-11-23T12:00:30Z";

  static Stream<Arguments> podsAndNextSteps() {
    return Stream.of(
        row("not scheduled yet", created(), Wait.class, SetPower.class, Delete.class),
        row("volumes being mounted", bound(), Wait.class, SetPower.class, Delete.class),
        row("keeper runs", keeperRuns(), Wait.class, SetPower.class, Delete.class),
        row("starting", reported(State.Starting), Wait.class, SetPower.class, Delete.class),
        row("running", reported(State.Running), Wait.class, SetPower.class, Delete.class),
        row("paused", reported(State.Paused), Wait.class, SetPower.class, Delete.class),
        row("shutting down", reported(State.Stopping), Wait.class, SetPower.class, Delete.class),
        row(
            "being deleted",
            deleting(SOON).apply(reported(State.Running)),
            Wait.class,
            Wait.class,
            Wait.class),
        row(
            "ended while being deleted",
            deleting(SOON).apply(ended(0)),
            Wait.class,
            Wait.class,
            Wait.class),
        row("ended, not yet recorded", ended(1), Wait.class, Wait.class, Delete.class),
        row("of another VM", foreign(reported(State.Running)), Wait.class, Wait.class, Wait.class));
  }

  @ParameterizedTest(name = "{0}, power {2}: {3}")
  @MethodSource("podsAndNextSteps")
  void podAndPowerDecideTheNextStep(
      String state,
      PodBuilder pod,
      Class<?> whenRunning,
      Class<?> whenPaused,
      Class<?> whenStopped) {
    assertThat(plan(Fixtures.vm(Power.Running), facts(pod))).isInstanceOf(whenRunning);
    assertThat(plan(Fixtures.vm(Power.Paused), facts(pod))).isInstanceOf(whenPaused);
    assertThat(plan(Fixtures.vm(Power.Stopped), facts(pod))).isInstanceOf(whenStopped);
  }

  @Test
  void withoutAPodOneIsMadeUnlessTheVmIsToBeStopped() {
    var noPod = new VirtualMachineFacts(null, null, List.of(), List.of(), NOW);
    assertThat(plan(Fixtures.vm(Power.Running), noPod)).isInstanceOf(Create.class);
    assertThat(plan(Fixtures.vm(Power.Paused), noPod)).isInstanceOf(Create.class);
    assertThat(plan(Fixtures.vm(Power.Stopped), noPod)).isInstanceOf(Wait.class);
  }

  @Test
  void aChangedSpecReplacesAGuestThatHasNotRunAndLeavesOneThatHas() {
    var changed = Fixtures.vm(Power.Running);
    changed.getSpec().getCpu().setCores(2);
    assertThat(plan(changed, facts(created()))).isInstanceOf(Delete.class);
    assertThat(plan(changed, facts(keeperRuns()))).isInstanceOf(Delete.class);
    assertThat(plan(changed, facts(reported(State.Running)))).isInstanceOf(Wait.class);
    assertThat(plan(changed, facts(reported(State.Paused)))).isInstanceOf(Wait.class);
  }

  /// Acted on before it is written down, the count would be lost with the pod.
  @Test
  void anEndIsActedOnOnceTheStatusTellsOfItAndItsTimeHasCome() {
    var vm = Fixtures.vm(Power.Running);
    var gone = new VirtualMachineFacts(null, null, List.of(), List.of(), NOW);
    vm.setStatus(status(vm, facts(ended(1))));
    assertThat(plan(vm, facts(ended(1)))).isInstanceOf(Delete.class);
    assertThat(plan(vm, gone)).isInstanceOf(Create.class);

    vm.getStatus().getRestarts().setNextStartTime(NOW.plusSeconds(10).toString());
    assertThat(plan(vm, facts(ended(1)))).isInstanceOf(Wait.class);
    assertThat(plan(vm, gone)).isInstanceOf(Wait.class);

    vm.getStatus().getRestarts().setNextStartTime(NOW.toString());
    vm.getSpec().setPower(Power.Stopped);
    assertThat(plan(vm, gone)).isInstanceOf(Wait.class);
  }

  private static VirtualMachineStatus status(VirtualMachine vm, VirtualMachineFacts facts) {
    var situation = Situation.of(vm, facts);
    var restart = RestartRecord.of(vm, situation, facts.now());
    var outlook = Outlook.of(vm, facts, situation, restart, new Outcome.Done());
    return VirtualMachineStatusPlanner.plan(
        vm, facts, situation, restart, outlook, new Outcome.Done());
  }

  @Test
  void aPowerThatNobodyUnderstandsIsSetRight() {
    var pod = reported(State.Running);
    pod.editMetadata().addToAnnotations(Contract.POWER_ANNOTATION, "Hovering").endMetadata();
    assertThat(plan(Fixtures.vm(Power.Paused), facts(pod)))
        .isInstanceOfSatisfying(
            SetPower.class, set -> assertThat(set.power()).isEqualTo(Power.Paused));
  }

  private static LaunchPlan plan(VirtualMachine vm, VirtualMachineFacts facts) {
    var situation = Situation.of(vm, facts);
    var restart = RestartRecord.of(vm, situation, facts.now());
    return LaunchPlanner.plan(vm, situation, restart, SETTINGS, facts.now());
  }

  private static PodBuilder foreign(PodBuilder pod) {
    return pod.editMetadata()
        .editFirstOwnerReference()
        .withUid("another")
        .endOwnerReference()
        .endMetadata();
  }

  private static Arguments row(
      String state, PodBuilder pod, Class<?> running, Class<?> paused, Class<?> stopped) {
    return Arguments.of(state, pod, running, paused, stopped);
  }
}
