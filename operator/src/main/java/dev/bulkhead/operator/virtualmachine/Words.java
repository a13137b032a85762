package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.GuestReport;
import io.fabric8.kubernetes.api.model.OwnerReference;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Messages for users: what is the matter, in Kubernetes' own words where it said so, and the way
/// out.
final class Words {
  private Words() {}

  /// What Kubernetes says of something, as fully as it does.
  ///
  /// @param message null or empty for none
  /// @param reason null or empty for none
  static String orElse(String message, String reason) {
    return Stream.of(message, reason)
        .filter(words -> words != null && !words.isBlank())
        .findFirst()
        .orElse("no reason was given");
  }

  static String quotaExceeded(String cause) {
    return cause
        + ". Free some of the quota (kubectl get resourcequota), raise it, or make the VM smaller;"
        + " it starts by itself once it fits";
  }

  static String podRefused(String cause) {
    return cause + ". Change the VM's spec or the rule that forbids its pod; it is tried again";
  }

  static String nameTaken(VmPod other) {
    var owner =
        other
            .controller()
            .map((OwnerReference o) -> " of " + o.getKind() + " " + o.getName())
            .orElse("");
    return "the pod that a VM of this name needs, "
        + other.name()
        + ", already exists"
        + owner
        + " and is not the VM's own. Delete that pod, or give the VM another name";
  }

  static String previousPod(VmPod other) {
    return "an earlier VirtualMachine of this name was deleted, and its guest is still shutting"
        + " down in pod "
        + other.name()
        + "; this one starts when it is gone";
  }

  static String unschedulable(String cause) {
    return "no node can take this VM: "
        + cause
        + " Free or add a node, or ask for less in spec.cpu, spec.memory or the scheduling fields;"
        + " it starts by itself when a node fits";
  }

  static String noDevices(Optional<String> cause, List<String> shortages) {
    return lacks(cause, shortages)
        + " The VM starts by itself when there is a node with all it asks for";
  }

  private static String lacks(Optional<String> cause, List<String> shortages) {
    return String.join(". ", shortages)
        + cause.map(words -> ". The scheduler says: " + words.strip()).orElse("");
  }

  static String deviceWaits(String device, DevicePod waiting) {
    return "device "
        + device
        + " cannot be given to the running guest yet. "
        + lacks(waiting.pod().unschedulable(), waiting.shortages())
        + " The guest gets it when its node has one";
  }

  /// To go on with after where the guest runs.
  ///
  /// @param devices null for none
  static String has(List<GuestReport.Device> devices) {
    return devices == null
        ? ""
        : devices.stream()
            .map(device -> device.name() + " " + place(device.address(), device.iommuGroup()))
            .collect(Collectors.joining(", ", " with ", ""));
  }

  /// @param iommuGroup null for a device without one
  static String place(String address, Integer iommuGroup) {
    return iommuGroup == null ? address : address + " (IOMMU group " + iommuGroup + ")";
  }

  /// @param pods that hold its claim
  static String deviceComes(String device, List<DevicePod> pods) {
    return "device %s is being given to the guest".formatted(device)
        + pods.stream()
            .map(held -> "; if that takes long, see: kubectl describe pod " + held.pod().name())
            .findFirst()
            .orElse("");
  }

  static String trouble(PodTrouble trouble, VmPod pod) {
    var node = pod.node().orElse("its node");
    return switch (trouble.reason()) {
      case ImageUnavailable ->
          node
              + " cannot get an image of this VM: "
              + trouble.message()
              + ". Correct the reference in the spec, or make the image available; it is tried"
              + " again by itself";
      case VolumeUnavailable ->
          node
              + " cannot mount a volume of this VM: "
              + trouble.message()
              + ". Create what is missing (user data needs a Secret with key userData); it is tried"
              + " again by itself";
      case DeviceUnavailable ->
          node
              + " cannot prepare a device of this VM: "
              + trouble.message()
              + ". It is tried again by itself; docs/passthrough.md has what to do";
      default -> node + " cannot start the VM's pod: " + trouble.message();
    };
  }

  static String unknownState(VmPod pod) {
    return "the node agent of "
        + pod.node().orElseThrow()
        + " is newer than the operator, and reports a state of the guest that this operator does"
        + " not know. Bring both to the same version: finish the helm upgrade, or roll it back";
  }

  static String startDelayed(String node, GuestReport report) {
    return node
        + " cannot start the guest yet: "
        + Objects.requireNonNullElse(report.message(), "its agent does not say why")
        + ". It is tried again until it can";
  }

  static String nodeNotResponding(VmPod pod) {
    var node = pod.node().orElse("(none)");
    return "node "
        + node
        + " does not respond, so the guest may run or not. It is not started elsewhere until its"
        + " pod is confirmed gone. Repair the node; or power it off, be sure that it is off, and"
        + " run 'kubectl taint nodes "
        + node
        + " node.kubernetes.io/out-of-service=nodeshutdown:NoExecute' or 'kubectl delete node "
        + node
        + "'";
  }

  static String restartRequired(String vm, List<String> differences) {
    return "the guest still runs with what it was started with; at its next start changes "
        + String.join(", ", differences)
        + ". To restart it: kubectl delete pod "
        + vm;
  }
}
