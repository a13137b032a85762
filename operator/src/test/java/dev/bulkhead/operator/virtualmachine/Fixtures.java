package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.GuestReport.Accelerator;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.Device;
import dev.bulkhead.crds.VirtualMachineSpec.DeviceClaim;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.List;
import java.util.function.UnaryOperator;

/// A VM, and its pod in the states that Kubernetes and the node agent put it into.
final class Fixtures {
  static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  static final String LONG_AGO = "2026-11-23T11:00:00Z";
  static final LaunchSettings SETTINGS = new LaunchSettings("keeper:1", 10);

  private Fixtures() {}

  static VirtualMachine vm(Power power) {
    var vm =
        Serialization.unmarshal(
            """
            apiVersion: bulkhead.dev/v1alpha1
            kind: VirtualMachine
            metadata: {name: web, namespace: shop, uid: vm-uid, generation: 3}
            spec:
              restartPolicy: Always
              cpu: {cores: 1}
              memory: {size: 64Mi}
              kernel: {image: "guest:1"}
            """,
            VirtualMachine.class);
    vm.getSpec().setPower(power);
    return vm;
  }

  /// An entry of `spec.devices`, with a claim by name.
  static Device device(String name, String claimed) {
    var claim = new DeviceClaim();
    claim.setName(claimed);
    var device = new Device();
    device.setName(name);
    device.setClaim(claim);
    return device;
  }

  /// The pod that the operator makes, as the API server stores it, an hour ago.
  static PodBuilder created() {
    return new PodBuilder(PodPlanner.plan(vm(Power.Running), SETTINGS))
        .editMetadata()
        .withUid("pod-uid")
        .withCreationTimestamp(LONG_AGO)
        .endMetadata()
        .withNewStatus()
        .withPhase("Pending")
        .endStatus();
  }

  static PodBuilder bound() {
    return created().editSpec().withNodeName("worker-1").endSpec();
  }

  static PodBuilder keeperRuns() {
    return bound()
        .editStatus()
        .withPhase("Running")
        .addNewContainerStatus()
        .withName(Contract.KEEPER_CONTAINER)
        .withNewState()
        .withNewRunning(LONG_AGO)
        .endState()
        .endContainerStatus()
        .endStatus();
  }

  static PodBuilder reported(State state) {
    return keeperRuns()
        .editMetadata()
        .addToAnnotations(
            Contract.REPORT_ANNOTATION,
            new GuestReport(1, state, LONG_AGO, Accelerator.KVM, null, null).toJson())
        .endMetadata()
        .editStatus()
        .addNewCondition()
        .withType("Ready")
        .withStatus(state == State.Running ? "True" : "False")
        .withReason(state == State.Running ? null : "ReadinessGatesNotReady")
        .withLastTransitionTime(LONG_AGO)
        .endCondition()
        .endStatus();
  }

  /// What the node lifecycle controller makes of a pod whose node it no longer hears of.
  static PodBuilder onSilentNode() {
    return reported(State.Running)
        .editStatus()
        .editFirstCondition()
        .withStatus("False")
        .endCondition()
        .endStatus();
  }

  static PodBuilder ended(int exitCode) {
    return reported(State.Running)
        .editStatus()
        .withPhase(exitCode == 0 ? "Succeeded" : "Failed")
        .editFirstContainerStatus()
        .withNewState()
        .withNewTerminated()
        .withExitCode(exitCode)
        .withFinishedAt("2026-11-23T11:59:59Z")
        .endTerminated()
        .endState()
        .endContainerStatus()
        .endStatus();
  }

  static UnaryOperator<PodBuilder> deleting(String deadline) {
    return pod -> pod.editMetadata().withDeletionTimestamp(deadline).endMetadata();
  }

  static VirtualMachineFacts facts(PodBuilder pod) {
    return new VirtualMachineFacts(new VmPod(pod.build()), null, List.of(), List.of(), NOW);
  }
}
