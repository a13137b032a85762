package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.crds.VirtualMachineStatus;
import dev.bulkhead.crds.VirtualMachineStatus.Device;
import dev.bulkhead.crds.VirtualMachineStatus.Guest;
import dev.bulkhead.crds.VirtualMachineStatus.Restarts;
import dev.bulkhead.operator.virtualmachine.Situation.Up;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Decides the status of a VM: a fresh intent each time, so that nothing of an older state stays.
final class VirtualMachineStatusPlanner {
  private VirtualMachineStatusPlanner() {}

  static VirtualMachineStatus plan(
      VirtualMachine vm,
      VirtualMachineFacts facts,
      Situation situation,
      Optional<RestartRecord> restart,
      Outlook outlook,
      Outcome devicesOutcome) {
    var ownPod =
        Optional.ofNullable(facts.pod()).filter(pod -> pod.ownedBy(vm.getMetadata().getUid()));
    var status = new VirtualMachineStatus();
    status.setPhase(outlook.phase());
    status.setObservedGeneration(vm.getMetadata().getGeneration());
    status.setNode(ownPod.flatMap(VmPod::node).orElse(null));
    status.setGuest(ownPod.flatMap(VirtualMachineStatusPlanner::guest).orElse(null));
    status.setRestarts(restarts(vm, situation, restart));
    var conditions = new ArrayList<>(conditions(vm, facts, situation, ownPod, outlook));
    devices(vm, facts, situation, devicesOutcome).ifPresent(conditions::add);
    status.setConditions(conditions);
    return status;
  }

  private static Optional<Condition> devices(
      VirtualMachine vm, VirtualMachineFacts facts, Situation situation, Outcome outcome) {
    return situation instanceof Up(_, var report)
        ? DeviceOutlook.of(vm, report, facts.devicePods(), outcome)
            .map(
                outlook ->
                    new Conditions(vm, facts.now())
                        .of(
                            ConditionType.DevicesAttached,
                            outlook.asSpecified() ? Conditions.TRUE : Conditions.FALSE,
                            outlook.reason(),
                            outlook.message()))
        : Optional.empty();
  }

  private static Restarts restarts(
      VirtualMachine vm, Situation situation, Optional<RestartRecord> restart) {
    if (restart.isPresent()) {
      return vm.getSpec().getPower() == Power.Stopped ? null : restart.get().toStatus();
    }
    if (situation instanceof Situation.NoPod || vm.getStatus() == null) {
      return null;
    }
    return RestartRecord.withoutNextStart(vm.getStatus().getRestarts());
  }

  private static List<Condition> conditions(
      VirtualMachine vm,
      VirtualMachineFacts facts,
      Situation situation,
      Optional<VmPod> ownPod,
      Outlook outlook) {
    var conditions = new Conditions(vm, facts.now());
    var running =
        switch (outlook.reason()) {
          case Running -> Conditions.TRUE;
          case NodeNotResponding -> Conditions.UNKNOWN;
          default -> Conditions.FALSE;
        };
    return List.of(
        conditions.of(
            ConditionType.Ready,
            running.equals(Conditions.TRUE) ? Conditions.TRUE : Conditions.FALSE,
            outlook.reason(),
            outlook.message()),
        ownPod
            .flatMap(VmPod::node)
            .map(
                node ->
                    conditions.of(
                        ConditionType.Scheduled,
                        Conditions.TRUE,
                        Reason.Scheduled,
                        "bound to node " + node))
            .orElseGet(
                () ->
                    conditions.of(
                        ConditionType.Scheduled,
                        Conditions.FALSE,
                        outlook.reason(),
                        outlook.message())),
        conditions.of(ConditionType.Running, running, outlook.reason(), outlook.message()),
        restartRequired(vm, situation, conditions));
  }

  private static Condition restartRequired(
      VirtualMachine vm, Situation situation, Conditions conditions) {
    var differences =
        situation instanceof Up(var pod, _)
            ? pod.madeFrom().lastingDifferencesTo(MadeFrom.of(vm))
            : List.<String>of();
    return differences.isEmpty()
        ? conditions.of(
            ConditionType.RestartRequired, Conditions.FALSE, Reason.UpToDate, "none is pending")
        : conditions.of(
            ConditionType.RestartRequired,
            Conditions.TRUE,
            Reason.SpecChanged,
            Words.restartRequired(vm.getMetadata().getName(), differences));
  }

  private static Optional<Guest> guest(VmPod pod) {
    return pod.end().isPresent()
        ? Optional.empty()
        : pod.report().map(report -> guest(pod, report));
  }

  private static Device device(GuestReport.Device reported) {
    var device = new Device();
    device.setName(reported.name());
    device.setAddress(reported.address());
    device.setIommuGroup(reported.iommuGroup());
    return device;
  }

  private static Guest guest(VmPod pod, GuestReport report) {
    var guest = new Guest();
    guest.setState(report.state().name());
    guest.setIp(pod.ip().orElse(null));
    guest.setBootTime(report.bootTime());
    guest.setAccelerator(report.accelerator() == null ? null : report.accelerator().name());
    guest.setDevices(
        report.devices() == null
            ? null
            : report.devices().stream().map(VirtualMachineStatusPlanner::device).toList());
    return guest;
  }
}
