package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.operator.virtualmachine.Situation.Leaving;
import dev.bulkhead.operator.virtualmachine.Situation.Up;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Decides how a guest that runs comes to the devices of its spec. The claims of a running pod
/// cannot change, so what is new is claimed by a small pod on the same node, one for each entry;
/// what its own pod has and the spec no longer is only named there. An entry that changed its claim
/// is the next start's to bring, if the guest was started with it.
final class DevicePlanner {
  private DevicePlanner() {}

  /// @param pods that hold claims for this VM's guest, or its former ones
  static DevicePlan plan(
      VirtualMachine vm, Situation situation, List<DevicePod> pods, LaunchSettings settings) {
    if (!(situation instanceof Up(var pod, _))) {
      // A guest that shuts down lets go of all it has when it is off.
      var unused = situation instanceof Leaving ? List.<DevicePod>of() : present(pods).toList();
      return new DevicePlan(List.of(), unused, null);
    }
    var wanted = GuestSpec.devices(vm.getSpec());
    var own = startedWith(pod);
    var later = wanted.stream().filter(device -> !own.contains(device.name())).toList();
    var claims = later.stream().map(PodPlanner::claim).collect(Collectors.toSet());
    var held = pods.stream().map(DevicePod::name).collect(Collectors.toSet());
    var create =
        later.stream()
            .map(device -> PodPlanner.devicePod(vm, pod, device, settings))
            .filter(made -> !held.contains(made.getMetadata().getName()))
            .toList();
    var delete = present(pods).filter(p -> !p.ownedBy(pod) || !claims.contains(p.claim())).toList();
    var detached = new TreeSet<>(own);
    wanted.stream().map(GuestSpec.Device::name).forEach(detached::remove);
    return new DevicePlan(create, delete, detached.equals(pod.detached()) ? null : detached);
  }

  private static Stream<DevicePod> present(List<DevicePod> pods) {
    return pods.stream().filter(pod -> !pod.leaving());
  }

  /// Names of the devices that its own pod claims.
  static Set<String> startedWith(VmPod pod) {
    return pod.pod().getSpec().getResourceClaims().stream()
        .map(PodResourceClaim::getName)
        .collect(Collectors.toSet());
  }
}
