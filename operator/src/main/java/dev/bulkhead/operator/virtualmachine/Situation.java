package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import java.util.Optional;

/// Where a VM stands, told from facts alone. Plan and status are both decided over it.
sealed interface Situation {
  /// No pod, and none that ended is remembered.
  record NoPod() implements Situation {}

  /// The guest ended by itself, and its pod still tells how.
  record Ended(VmPod pod, GuestEnd end) implements Situation {}

  /// The guest ended, its pod is gone, and the VM's status remembers it.
  record EndRemembered(RestartRecord record) implements Situation {}

  /// A pod of another owner has the VM's name.
  record NameTaken(VmPod pod) implements Situation {}

  /// The pod is being deleted, and the guest with it.
  record Leaving(VmPod pod) implements Situation {}

  record Unscheduled(VmPod pod) implements Situation {}

  record Starting(VmPod pod) implements Situation {}

  /// Its vCPUs have run: running, paused, or on its way down.
  record Up(VmPod pod, GuestReport report) implements Situation {}

  static Situation of(VirtualMachine vm, VirtualMachineFacts facts) {
    var pod = facts.pod();
    if (pod == null) {
      return RestartRecord.remembered(vm.getStatus())
          .<Situation>map(EndRemembered::new)
          .orElseGet(NoPod::new);
    }
    if (!pod.ownedBy(vm.getMetadata().getUid())) {
      return new NameTaken(pod);
    }
    return ofOwn(pod, vm);
  }

  /// A pod that is being deleted ends for that reason, whatever its exit code, and no policy
  /// applies; unless the status already told of its end, and has not to forget it for a VM that is
  /// to be stopped.
  private static Situation ofOwn(VmPod pod, VirtualMachine vm) {
    var end = pod.end();
    if (end.isPresent() && (!pod.leaving() || toldOf(end.get(), vm))) {
      return new Ended(pod, end.get());
    }
    if (pod.leaving()) {
      return new Leaving(pod);
    }
    if (pod.node().isEmpty()) {
      return new Unscheduled(pod);
    }
    return ran(pod.report())
        .<Situation>map(report -> new Up(pod, report))
        .orElseGet(() -> new Starting(pod));
  }

  private static boolean toldOf(GuestEnd end, VirtualMachine vm) {
    return vm.getSpec().getPower() != Power.Stopped && RestartRecord.tellsOf(end, vm.getStatus());
  }

  private static Optional<GuestReport> ran(Optional<GuestReport> report) {
    return report.filter(
        r -> r.state() == State.Unknown ? r.bootTime() != null : r.state() != State.Starting);
  }
}
