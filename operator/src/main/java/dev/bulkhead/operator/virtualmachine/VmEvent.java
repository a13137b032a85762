package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.VirtualMachineStatus;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// News about a VM, told once: when its status comes to say something new.
record VmEvent(String type, String reason, String message) {
  private static final Set<Reason> NORMAL =
      Set.of(
          Reason.Running,
          Reason.Paused,
          Reason.Starting,
          Reason.Stopping,
          Reason.Stopped,
          Reason.PoweredOff,
          Reason.PreviousPodTerminating);

  /// @param before null for a VM that had no status yet
  static List<VmEvent> between(VirtualMachineStatus before, VirtualMachineStatus after) {
    var events = new ArrayList<VmEvent>();
    var running = Conditions.find(after, ConditionType.Running).orElseThrow();
    var saidBefore = Conditions.find(before, ConditionType.Running).map(Condition::getReason);
    if (!saidBefore.equals(Optional.of(running.getReason()))) {
      events.add(of(running));
    }
    var restart = Conditions.find(after, ConditionType.RestartRequired).orElseThrow();
    var said = Conditions.find(before, ConditionType.RestartRequired).map(Condition::getMessage);
    if (Conditions.TRUE.equals(restart.getStatus())
        && !said.equals(Optional.of(restart.getMessage()))) {
      events.add(new VmEvent("Normal", "RestartRequired", restart.getMessage()));
    }
    events.addAll(devices(before, after));
    return events;
  }

  /// Of a guest that ran before and runs on: what one starts with and ends with is no news.
  private static List<VmEvent> devices(VirtualMachineStatus before, VirtualMachineStatus after) {
    if (bootTime(before) == null || !bootTime(before).equals(bootTime(after))) {
      return List.of();
    }
    var had = devices(before.getGuest());
    var has = devices(after.getGuest());
    var events = new ArrayList<VmEvent>();
    has.stream()
        .filter(device -> !had.contains(device))
        .map(
            device ->
                "the guest has device %s, which is %s on %s"
                    .formatted(device.name(), device.place(), after.getNode()))
        .forEach(message -> events.add(new VmEvent("Normal", "DeviceAttached", message)));
    had.stream()
        .filter(device -> !has.contains(device))
        .map(
            device ->
                "the guest has device %s, which is %s on %s, no longer"
                    .formatted(device.name(), device.place(), after.getNode()))
        .forEach(message -> events.add(new VmEvent("Normal", "DeviceDetached", message)));
    return events;
  }

  private static String bootTime(VirtualMachineStatus status) {
    return status == null || status.getGuest() == null ? null : status.getGuest().getBootTime();
  }

  private record Attached(String name, String place) {}

  private static List<Attached> devices(VirtualMachineStatus.Guest guest) {
    return guest.getDevices() == null
        ? List.of()
        : guest.getDevices().stream()
            .map(
                device ->
                    new Attached(
                        device.getName(), Words.place(device.getAddress(), device.getIommuGroup())))
            .toList();
  }

  private static VmEvent of(Condition running) {
    return new VmEvent(
        NORMAL.contains(Reason.valueOf(running.getReason())) ? "Normal" : "Warning",
        running.getReason(),
        running.getMessage());
  }
}
