package dev.bulkhead.operator.virtualmachine;

import static dev.bulkhead.operator.virtualmachine.Fixtures.NOW;
import static dev.bulkhead.operator.virtualmachine.Fixtures.SETTINGS;
import static dev.bulkhead.operator.virtualmachine.Fixtures.facts;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.crds.VirtualMachineStatus;
import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// This operator beside node agents of other releases: it writes what they were recorded to read,
/// and reads what they were recorded, or are imagined, to write.
class VersionSkewTest {
  private static final Path RECORDED = Path.of("../crds/src/test/resources/contract");
  private static final JsonMapper JSON = new JsonMapper();

  private static final String VM =
      """
      apiVersion: bulkhead.dev/v1alpha1
      kind: VirtualMachine
      metadata: {name: web, namespace: shop, uid: 11111111-2222-4333-8444-555555555555}
      spec:
        power: Running
        restartPolicy: Always
        cpu: {cores: 2, threads: 2, model: EPYC}
        memory: {size: 1Gi}
        firmware: {type: UEFI}
        kernel: {image: "kernel:1", initrdPath: /boot/initrd.img, args: console=ttyS0}
        disks:
        - {name: root, bootOrder: 1, image: {reference: "disk:1", path: /disk/root.qcow2}}
        - {name: data, bus: SATA, empty: {size: 32Mi}}
        interfaces: [{name: net0}]
        cloudInit: {userDataSecret: {name: init}}
      """;

  /// An agent that would run it without its limits must not run it.
  @Test
  void asksForFormat2WhereThereAreLimitsAndOnlyThere() throws IOException {
    var disk = VM.replace("SATA,", "SATA, limits: {iops: 500, bandwidth: 1Mi},");
    var wire = VM.replace("name: net0", "name: net0, limits: {bandwidth: 64Ki}");
    var both = disk.replace("name: net0", "name: net0, limits: {bandwidth: 64Ki}");
    assertThat(guest(disk).get("format").asInt()).isEqualTo(2);
    assertThat(guest(wire).get("format").asInt()).isEqualTo(2);
    assertThat(guest(both)).isEqualTo(JSON.readTree(recorded("guest-2.json")));
  }

  /// An agent that would run it without its devices must not run it.
  @Test
  void asksForFormat3WhereThereAreDevices() throws IOException {
    var devices =
        "  devices: [{name: gpu, claim: {template: one-a100}}, {name: disk, claim: {name: fast}}]\n";
    assertThat(guest(VM + devices)).isEqualTo(JSON.readTree(recorded("guest-3.json")));
  }

  /// An agent that would run it without its IOMMU must not run it.
  @Test
  void asksForFormat4WhereThereIsAnIommu() throws IOException {
    var both =
        """
          devices: [{name: gpu, claim: {template: one-a100}}, {name: disk, claim: {name: fast}}]
          iommu: Intel
        """;
    assertThat(guest(VM + both)).isEqualTo(JSON.readTree(recorded("guest-4.json")));
    assertThat(guest(VM + "  iommu: Intel\n").get("format").asInt()).isEqualTo(4);
  }

  @Test
  void writesTheGuestInTheFormatThatReleasedAgentsRead() throws IOException {
    assertThat(guest(VM))
        .as(
            "agents of earlier releases read this: a new field is left out, or the guest's format"
                + " raised, where they must not ignore it; guest-1.json itself never changes")
        .isEqualTo(JSON.readTree(recorded("guest-1.json")));
  }

  private static JsonNode guest(String vm) throws IOException {
    var pod = PodPlanner.plan(Serialization.unmarshal(vm, VirtualMachine.class), SETTINGS);
    return JSON.readTree(pod.getMetadata().getAnnotations().get(Contract.GUEST_ANNOTATION));
  }

  @Test
  void readsTheReportOfAReleasedAgent() throws IOException {
    var status = status(reported("report-1.json", "True"));
    assertThat(status.getPhase()).isEqualTo(Phase.Running);
    assertThat(status.getGuest().getState()).isEqualTo("Running");
    assertThat(status.getGuest().getBootTime()).isEqualTo("2026-11-23T11:59:00Z");
    assertThat(status.getGuest().getAccelerator()).isEqualTo("TCG");
  }

  @Test
  void takesWhatItKnowsOfANewerAgentsReport() throws IOException {
    var status = status(reported("report-2.json", "True"));
    assertThat(status.getPhase()).isEqualTo(Phase.Running);
    assertThat(status.getGuest().getBootTime()).isEqualTo("2026-11-23T11:59:00Z");
    assertThat(status.getGuest().getAccelerator()).isNull();
  }

  @Test
  void aStateThatOnlyANewerAgentKnowsIsSaidToBeUnknown() throws IOException {
    var status = status(reported("report-2-new-state.json", "False"));
    assertThat(status.getPhase()).isEqualTo(Phase.Paused);
    var running = Conditions.find(status, ConditionType.Running).orElseThrow();
    assertThat(running.getReason()).isEqualTo("UnknownState");
    assertThat(running.getMessage())
        .contains("the node agent of worker-1 is newer than the operator")
        .contains("finish the helm upgrade, or roll it back");
    assertThat(VmEvent.between(null, status).getFirst().type()).isEqualTo("Warning");
  }

  @Test
  void aGuestThatIsReadyRunsWhateverItsNewerAgentCallsThat() throws IOException {
    assertThat(status(reported("report-2-new-state.json", "True")).getPhase())
        .isEqualTo(Phase.Running);
  }

  /// Nothing that may run is ever replaced for a changed spec.
  @Test
  void aGuestInAnUnknownStateThatHasRunIsLeftAloneWhenItsSpecChanges() throws IOException {
    var vm = Fixtures.vm(Power.Running);
    vm.getSpec().getMemory().setSize("128Mi");
    var hasRun = facts(reported("report-2-new-state.json", "False"));
    var hasNot = facts(reported("report-2-new-state-before-the-first-run.json", "False"));
    assertThat(LaunchPlanner.plan(vm, Situation.of(vm, hasRun), Optional.empty(), SETTINGS, NOW))
        .isInstanceOf(LaunchPlan.Wait.class);
    assertThat(LaunchPlanner.plan(vm, Situation.of(vm, hasNot), Optional.empty(), SETTINGS, NOW))
        .isInstanceOf(LaunchPlan.Delete.class);
  }

  /// As an older operator meets it after a rollback, for one.
  @Test
  void readsVmsWithFieldsOfANewerRelease() {
    var vm =
        Serialization.unmarshal(
            VM.replace("restartPolicy:", "hugePages: 2Mi\n  restartPolicy:")
                + "status: {phase: Running, addresses: [], restarts: {lastExitNode: worker-1}}",
            VirtualMachine.class);
    assertThat(vm.getSpec().getRestartPolicy()).isNotNull();
    assertThat(vm.getStatus().getPhase()).isEqualTo(Phase.Running);
    assertThat(vm.getStatus().getRestarts()).isNotNull();
  }

  private static PodBuilder reported(String file, String ready) throws IOException {
    return Fixtures.reported(State.Running)
        .editMetadata()
        .addToAnnotations(Contract.REPORT_ANNOTATION, recorded(file))
        .endMetadata()
        .editStatus()
        .editFirstCondition()
        .withStatus(ready)
        .endCondition()
        .endStatus();
  }

  private static VirtualMachineStatus status(PodBuilder pod) {
    var vm = Fixtures.vm(Power.Running);
    var facts = facts(pod);
    var situation = Situation.of(vm, facts);
    var outlook = Outlook.of(vm, facts, situation, Optional.empty(), new Outcome.Done());
    return VirtualMachineStatusPlanner.plan(
        vm, facts, situation, Optional.empty(), outlook, new Outcome.Done());
  }

  private static String recorded(String file) throws IOException {
    return Files.readString(RECORDED.resolve(file));
  }
}
