package dev.bulkhead.operator.virtualmachine;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// All that a reconcile looks at beside the VM itself.
///
/// @param pod the VM pod of the VM's name, whoever owns it; null when there is none
/// @param shortages why its devices cannot be had, while it waits for a node
/// @param devicePods that hold claims for the VM's guest
/// @param mountTrouble the newest warning about a pod that is stuck; null when all is well
record VirtualMachineFacts(
    VmPod pod,
    PodTrouble mountTrouble,
    List<String> shortages,
    List<DevicePod> devicePods,
    Instant now) {

  Optional<PodTrouble> trouble() {
    return pod.waitingTrouble().or(() -> Optional.ofNullable(mountTrouble));
  }
}
