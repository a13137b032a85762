package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.VirtualMachine;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;

/// Reads the pod, and what kubelet complains of where it is stuck, from what is watched.
final class VirtualMachineObserver {
  /// A pod without trouble has its volumes by then; kubelet's first warnings come within a second.
  private static final Duration STUCK_AFTER = Duration.ofSeconds(2);

  /// Names of event sources.
  static final String VM_PODS = "vm-pods";

  static final String DEVICE_PODS = "device-pods";

  private final DeviceObserver devices;
  private final InstantSource clock;

  VirtualMachineObserver(DeviceObserver devices, InstantSource clock) {
    this.devices = devices;
    this.clock = clock;
  }

  VirtualMachineFacts observe(Context<VirtualMachine> context) {
    var now = clock.instant();
    var pod = context.getSecondaryResource(Pod.class, VM_PODS).map(VmPod::new).orElse(null);
    var trouble =
        pod != null && stuck(pod, now)
            ? PodWarningsObserver.newest(context.getSecondaryResources(Event.class), pod)
                .orElse(null)
            : null;
    var shortages = pod == null ? List.<String>of() : shortages(pod);
    return new VirtualMachineFacts(pod, trouble, shortages, devicePods(context), now);
  }

  private List<DevicePod> devicePods(Context<VirtualMachine> context) {
    return context
        .eventSourceRetriever()
        .getEventSourceFor(Pod.class, DEVICE_PODS)
        .getSecondaryResources(context.getPrimaryResource())
        .stream()
        .map(VmPod::new)
        .sorted(Comparator.comparing(VmPod::name))
        .map(pod -> new DevicePod(pod, shortages(pod)))
        .toList();
  }

  private List<String> shortages(VmPod pod) {
    return waits(pod) ? devices.shortages(pod) : List.of();
  }

  private static boolean waits(VmPod pod) {
    return pod.node().isEmpty() && !pod.leaving() && pod.end().isEmpty();
  }

  private static boolean stuck(VmPod pod, Instant now) {
    return pod.node().isPresent()
        && !pod.leaving()
        && !pod.keeperStarted()
        && pod.waitingTrouble().isEmpty()
        && (Outlook.clocksDiffer(pod.createdAt(), now)
            || pod.createdAt().plus(STUCK_AFTER).isBefore(now));
  }
}
