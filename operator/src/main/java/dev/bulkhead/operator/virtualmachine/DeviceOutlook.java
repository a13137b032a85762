package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec;
import dev.bulkhead.operator.virtualmachine.Outcome.Refused;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// What it means to the user how the devices of a guest that runs and those of its spec compare.
record DeviceOutlook(boolean asSpecified, Reason reason, String message) {

  /// Empty for a VM that has none and wants none.
  static Optional<DeviceOutlook> of(
      VirtualMachine vm, GuestReport report, List<DevicePod> pods, Outcome outcome) {
    var wanted = wanted(vm);
    var has = names(report);
    if (wanted.isEmpty() && has.isEmpty()) {
      return Optional.empty();
    }
    if (outcome instanceof Refused(var reason, var words)) {
      return Optional.of(new DeviceOutlook(false, reason, words));
    }
    return wanted.stream()
        .filter(name -> !has.contains(name))
        .findFirst()
        .map(name -> missing(name, report, pods))
        .or(
            () ->
                has.stream()
                    .filter(name -> !wanted.contains(name))
                    .findFirst()
                    .map(name -> surplus(name, report)))
        .or(
            () ->
                Optional.of(
                    new DeviceOutlook(
                        true, Reason.Attached, "the guest has all devices of its spec")));
  }

  private static List<String> wanted(VirtualMachine vm) {
    var devices = vm.getSpec().getDevices();
    return devices == null
        ? List.of()
        : devices.stream().map(VirtualMachineSpec.Device::getName).toList();
  }

  private static Set<String> names(GuestReport report) {
    return report.devices() == null
        ? Set.of()
        : report.devices().stream().map(GuestReport.Device::name).collect(Collectors.toSet());
  }

  private static DeviceOutlook missing(String name, GuestReport report, List<DevicePod> all) {
    var pods = all.stream().filter(held -> held.entry().equals(name)).toList();
    return pods.stream()
        .filter(held -> !held.pod().leaving() && held.pod().node().isEmpty())
        .findFirst()
        .map(
            waiting ->
                new DeviceOutlook(
                    false, Reason.DeviceUnavailable, Words.deviceWaits(name, waiting)))
        .orElseGet(
            () ->
                new DeviceOutlook(
                    false,
                    Reason.Attaching,
                    Objects.requireNonNullElse(report.message(), Words.deviceComes(name, pods))));
  }

  private static DeviceOutlook surplus(String name, GuestReport report) {
    return new DeviceOutlook(
        false,
        Reason.Detaching,
        Objects.requireNonNullElse(
            report.message(), "device " + name + " is being taken from the guest"));
  }
}
