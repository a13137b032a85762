package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.Contract;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// A pod that only holds a claim, for a guest that ran before it was asked for. Only says what the
/// pod says.
///
/// @param shortages why its devices cannot be had, while it waits for the scheduler
record DevicePod(Pod pod, List<String> shortages) {

  String name() {
    return pod.getMetadata().getName();
  }

  /// Of the VM's `spec.devices`.
  String entry() {
    return pod.getMetadata().getAnnotations().getOrDefault(Contract.DEVICE_ANNOTATION, "");
  }

  boolean leaving() {
    return pod.getMetadata().getDeletionTimestamp() != null;
  }

  boolean ownedBy(VmPod vmPod) {
    return pod.getMetadata().getOwnerReferences().stream()
        .filter(owner -> Boolean.TRUE.equals(owner.getController()))
        .map(OwnerReference::getUid)
        .anyMatch(vmPod.uid()::equals);
  }

  /// Whether it holds nothing any more, or never will.
  boolean ended() {
    return Set.of("Succeeded", "Failed")
        .contains(Objects.requireNonNullElse(pod.getStatus().getPhase(), ""));
  }

  /// As `PodPlanner` asked for it.
  Optional<PodResourceClaim> claim() {
    return pod.getSpec().getResourceClaims().stream().findFirst();
  }
}
