package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.VirtualMachine;
import io.fabric8.kubernetes.api.model.Pod;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// Reads the pod from the watch's cache, and asks the API server for events only about a pod that
/// is stuck.
final class VirtualMachineObserver {
  /// A pod without trouble has its volumes by then; kubelet's first warnings come within a second.
  private static final Duration STUCK_AFTER = Duration.ofSeconds(2);

  private final VmPods pods;
  private final InstantSource clock;

  VirtualMachineObserver(VmPods pods, InstantSource clock) {
    this.pods = pods;
    this.clock = clock;
  }

  VirtualMachineFacts observe(Context<VirtualMachine> context) {
    var now = clock.instant();
    var pod = context.getSecondaryResource(Pod.class).map(VmPod::new).orElse(null);
    var trouble = pod != null && stuck(pod, now) ? pods.newestWarning(pod).orElse(null) : null;
    return new VirtualMachineFacts(pod, trouble, now);
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
