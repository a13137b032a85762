package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineStatus;
import io.fabric8.kubernetes.client.utils.Serialization;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/// What holds for every VM, whatever its status and its pod say.
class DecisionsPropertyTest {
  private static final JsonMapper JSON = new JsonMapper();

  /// All that is decided at one look.
  private record Decision(LaunchPlan plan, Outlook outlook, VirtualMachineStatus status) {
    static Decision on(VirtualMachine vm, VirtualMachineFacts facts) {
      var situation = Situation.of(vm, facts);
      var restart = RestartRecord.of(vm, situation, facts.now());
      var plan = LaunchPlanner.plan(vm, situation, restart, Fixtures.SETTINGS, facts.now());
      var outlook = Outlook.of(vm, facts, situation, restart, new Outcome.Done());
      return new Decision(
          plan,
          outlook,
          VirtualMachineStatusPlanner.plan(
              vm, facts, situation, restart, outlook, new Outcome.Done()));
    }

    JsonNode statusTree() {
      return JSON.valueToTree(status);
    }
  }

  @Provide
  Arbitrary<VirtualMachine> vms() {
    return AnyVm.vms();
  }

  @Provide
  Arbitrary<VirtualMachineFacts> facts() {
    return AnyVm.facts();
  }

  @Property(tries = 2000, edgeCases = EdgeCasesMode.NONE)
  void everyVmGetsTheSamePlanAndStatusEachTimeItIsLookedAt(
      @ForAll("vms") VirtualMachine vm, @ForAll("facts") VirtualMachineFacts facts) {
    var decision = Decision.on(vm, facts);

    var again = Decision.on(Serialization.clone(vm), copy(facts));
    assertThat(again.plan()).isEqualTo(decision.plan());
    assertThat(again.outlook()).isEqualTo(decision.outlook());
    assertThat(again.statusTree()).isEqualTo(decision.statusTree());
    assertThat(decision.status().getPhase()).isNotNull();
    assertThat(decision.status().getConditions())
        .hasSize(4)
        .allSatisfy(c -> assertThat(c.getMessage()).isNotBlank());
    assertThat(VmEvent.between(vm.getStatus(), decision.status())).hasSizeBetween(0, 2);
  }

  @Property(tries = 2000, edgeCases = EdgeCasesMode.NONE)
  void aStatusThatIsWrittenIsPlannedAgainAsItStands(
      @ForAll("vms") VirtualMachine vm, @ForAll("facts") VirtualMachineFacts facts) {
    var written = Decision.on(vm, facts).status();
    vm.setStatus(written);

    var again = Decision.on(vm, facts);

    assertThat(again.statusTree()).isEqualTo(JSON.valueToTree(written));
    assertThat(VmEvent.between(written, again.status())).isEmpty();
  }

  @Property(tries = 2000, edgeCases = EdgeCasesMode.NONE)
  void onlyAnOwnPodIsTouchedAndNoneIsMadeWhereOneIs(
      @ForAll("vms") VirtualMachine vm, @ForAll("facts") VirtualMachineFacts facts) {
    var plan = Decision.on(vm, facts).plan();
    switch (plan) {
      case LaunchPlan.Create(var pod) -> {
        assertThat(facts.pod()).isNull();
        assertThat(new VmPod(pod).ownedBy(vm.getMetadata().getUid())).isTrue();
        assertThat(new VmPod(pod).madeFrom().differencesTo(MadeFrom.of(vm))).isEmpty();
      }
      case LaunchPlan.Delete(var pod) -> assertThat(pod.ownedBy("vm-uid")).isTrue();
      case LaunchPlan.SetPower(var pod, var power) -> {
        assertThat(pod.ownedBy("vm-uid")).isTrue();
        assertThat(pod.power().filter(power::equals)).isEmpty();
      }
      case LaunchPlan.Wait() -> {}
    }
  }

  private static VirtualMachineFacts copy(VirtualMachineFacts facts) {
    return new VirtualMachineFacts(
        facts.pod() == null ? null : new VmPod(Serialization.clone(facts.pod().pod())),
        facts.mountTrouble(),
        facts.shortages(),
        facts.devicePods(),
        facts.now());
  }
}
