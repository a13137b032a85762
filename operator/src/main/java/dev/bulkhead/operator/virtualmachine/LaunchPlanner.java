package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.operator.virtualmachine.LaunchPlan.Create;
import dev.bulkhead.operator.virtualmachine.LaunchPlan.Delete;
import dev.bulkhead.operator.virtualmachine.LaunchPlan.SetPower;
import dev.bulkhead.operator.virtualmachine.LaunchPlan.Wait;
import dev.bulkhead.operator.virtualmachine.Situation.EndRemembered;
import dev.bulkhead.operator.virtualmachine.Situation.Ended;
import dev.bulkhead.operator.virtualmachine.Situation.Leaving;
import dev.bulkhead.operator.virtualmachine.Situation.NameTaken;
import dev.bulkhead.operator.virtualmachine.Situation.NoPod;
import dev.bulkhead.operator.virtualmachine.Situation.Starting;
import dev.bulkhead.operator.virtualmachine.Situation.Unscheduled;
import dev.bulkhead.operator.virtualmachine.Situation.Up;
import java.time.Instant;
import java.util.Optional;

/// Decides the next step towards what the spec asks for. A pod of another owner is never touched,
/// a guest that runs is never stopped for a changed spec, and no pod is made while one of the VM
/// may still run somewhere.
final class LaunchPlanner {
  private LaunchPlanner() {}

  /// @param restart what follows the guest's end, if it ended
  static LaunchPlan plan(
      VirtualMachine vm,
      Situation situation,
      Optional<RestartRecord> restart,
      LaunchSettings settings,
      Instant now) {
    var stopped = vm.getSpec().getPower() == Power.Stopped;
    var due = restart.filter(record -> recorded(vm, record)).filter(r -> r.due(now)).isPresent();
    return switch (situation) {
      case NoPod() -> stopped ? new Wait() : new Create(PodPlanner.plan(vm, settings));
      case EndRemembered _ ->
          !stopped && due ? new Create(PodPlanner.plan(vm, settings)) : new Wait();
      case Ended(var pod, _) -> stopped || due ? new Delete(pod) : new Wait();
      case NameTaken _, Leaving _ -> new Wait();
      case Unscheduled(var pod) -> beforeFirstRun(vm, pod);
      case Starting(var pod) -> beforeFirstRun(vm, pod);
      case Up(var pod, _) -> stopped ? new Delete(pod) : powerAsAsked(vm, pod);
    };
  }

  /// Nothing of the guest is lost by starting over, so a changed spec takes effect at once.
  private static LaunchPlan beforeFirstRun(VirtualMachine vm, VmPod pod) {
    var stopped = vm.getSpec().getPower() == Power.Stopped;
    var changed = !pod.madeFrom().differencesTo(MadeFrom.of(vm)).isEmpty();
    return stopped || changed ? new Delete(pod) : powerAsAsked(vm, pod);
  }

  private static LaunchPlan powerAsAsked(VirtualMachine vm, VmPod pod) {
    var power = vm.getSpec().getPower();
    return pod.power().equals(Optional.of(power)) ? new Wait() : new SetPower(pod, power);
  }

  /// An end is acted on once the status tells of it: the pod that knew it is then no longer needed.
  private static boolean recorded(VirtualMachine vm, RestartRecord record) {
    return RestartRecord.remembered(vm.getStatus()).filter(record::equals).isPresent();
  }
}
