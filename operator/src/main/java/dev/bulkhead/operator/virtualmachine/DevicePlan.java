package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.DetachedDevices;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Optional;

/// What is to be written so that a guest that runs is given the devices of its spec, and lets go of
/// others.
///
/// @param create pods that hold a claim for it
/// @param delete pods that hold one which it needs no longer
/// @param detach empty where the VM's pod says so already
record DevicePlan(List<Pod> create, List<VmPod> delete, Optional<Detach> detach) {

  /// To be said on the VM's pod.
  record Detach(VmPod pod, DetachedDevices devices) {}

  boolean nothing() {
    return create.isEmpty() && delete.isEmpty() && detach.isEmpty();
  }
}
