package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.VirtualMachineSpec.Power;
import io.fabric8.kubernetes.api.model.Pod;

/// The one next step for a VM.
sealed interface LaunchPlan {
  record Create(Pod pod) implements LaunchPlan {}

  /// Shuts the guest down if it still runs: the node agent does so when its pod is deleted.
  record Delete(VmPod pod) implements LaunchPlan {}

  record SetPower(VmPod pod, Power power) implements LaunchPlan {}

  record Wait() implements LaunchPlan {}
}
