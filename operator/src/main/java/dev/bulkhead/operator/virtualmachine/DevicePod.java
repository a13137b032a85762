package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.Contract;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import java.util.List;
import java.util.Optional;

/// A pod that only holds a claim, for a guest that ran before it was asked for. Only says what the
/// pod says.
///
/// @param shortages why its devices cannot be had, while it waits for the scheduler
record DevicePod(VmPod pod, List<String> shortages) {

  /// Of the VM's `spec.devices`.
  String entry() {
    return pod.annotation(Contract.DEVICE_ANNOTATION).orElse("");
  }

  boolean ownedBy(VmPod vmPod) {
    return pod.ownedBy(vmPod.uid());
  }

  /// As `PodPlanner` asked for it.
  Optional<PodResourceClaim> claim() {
    return pod.claims().stream().findFirst();
  }
}
