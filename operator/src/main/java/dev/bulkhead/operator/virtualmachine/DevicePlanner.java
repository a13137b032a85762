package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.DetachedDevices;
import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.operator.virtualmachine.Situation.EndRemembered;
import dev.bulkhead.operator.virtualmachine.Situation.Ended;
import dev.bulkhead.operator.virtualmachine.Situation.Leaving;
import dev.bulkhead.operator.virtualmachine.Situation.NameTaken;
import dev.bulkhead.operator.virtualmachine.Situation.NoPod;
import dev.bulkhead.operator.virtualmachine.Situation.Starting;
import dev.bulkhead.operator.virtualmachine.Situation.Unscheduled;
import dev.bulkhead.operator.virtualmachine.Situation.Up;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import java.util.List;
import java.util.Optional;
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
    return switch (situation) {
      // A guest that shuts down lets go of all it has when it is off.
      case Leaving _ -> delete(Stream.of());
      // What belongs to another's guest is another's.
      case NameTaken _ -> delete(Stream.of());
      case Unscheduled(var pod) -> delete(pods.stream().filter(held -> !held.ownedBy(pod)));
      case Starting(var pod) -> delete(pods.stream().filter(held -> !held.ownedBy(pod)));
      case NoPod _, Ended _, EndRemembered _ -> delete(pods.stream());
      case Up(var pod, _) -> asSpecified(vm, pod, pods, settings);
    };
  }

  private static DevicePlan delete(Stream<DevicePod> pods) {
    return new DevicePlan(List.of(), present(pods), Optional.empty());
  }

  private static List<VmPod> present(Stream<DevicePod> pods) {
    return pods.map(DevicePod::pod).filter(pod -> !pod.leaving()).toList();
  }

  private static DevicePlan asSpecified(
      VirtualMachine vm, VmPod pod, List<DevicePod> pods, LaunchSettings settings) {
    var wanted = GuestSpec.devices(vm.getSpec());
    var own = pod.claims();
    var later = wanted.stream().filter(device -> !has(own, device.name())).toList();
    var claims = later.stream().map(PodPlanner::claim).collect(Collectors.toSet());
    var useless =
        pods.stream()
            .filter(
                held ->
                    held.pod().ended()
                        || !held.ownedBy(pod)
                        || held.claim().filter(claims::contains).isEmpty());
    var create =
        later.stream()
            .filter(device -> pods.stream().noneMatch(held -> holds(held, device)))
            .filter(device -> own.stream().noneMatch(claim -> isNamed(claim, device.claim())))
            .map(device -> PodPlanner.devicePod(vm, pod, device, settings))
            .toList();
    var detached =
        DetachedDevices.of(
            own.stream()
                .filter(claim -> wanted.stream().noneMatch(device -> wants(device, claim)))
                .map(PodResourceClaim::getName)
                .toList());
    return new DevicePlan(
        create,
        present(useless),
        Optional.of(new DevicePlan.Detach(pod, detached))
            .filter(detach -> !detached.equals(pod.detached())));
  }

  /// Kubelet has a claim prepared for the first pod alone: a second one must wait until that is
  /// gone.
  private static boolean holds(DevicePod held, GuestSpec.Device device) {
    return held.claim()
        .filter(claim -> claim.equals(PodPlanner.claim(device)) || isNamed(claim, device.claim()))
        .isPresent();
  }

  /// Also under another name: the guest has it already, and goes on with it.
  private static boolean wants(GuestSpec.Device device, PodResourceClaim claim) {
    return device.name().equals(claim.getName()) || isNamed(claim, device.claim());
  }

  private static boolean isNamed(PodResourceClaim claim, String name) {
    return name != null && name.equals(claim.getResourceClaimName());
  }

  private static boolean has(List<PodResourceClaim> claims, String entry) {
    return claims.stream().anyMatch(claim -> claim.getName().equals(entry));
  }
}
