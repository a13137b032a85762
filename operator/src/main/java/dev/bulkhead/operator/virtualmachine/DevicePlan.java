package dev.bulkhead.operator.virtualmachine;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.SortedSet;

/// What is to be written so that a guest that runs is given the devices of its spec, and lets go of
/// others.
///
/// @param create pods that hold a claim for it
/// @param delete pods that hold one which it needs no longer
/// @param detached devices of its own pod that it shall have no longer; null where that stands
///     there already
record DevicePlan(List<Pod> create, List<DevicePod> delete, SortedSet<String> detached) {
  boolean nothing() {
    return create.isEmpty() && delete.isEmpty() && detached == null;
  }
}
