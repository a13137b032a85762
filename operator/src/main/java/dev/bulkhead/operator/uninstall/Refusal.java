package dev.bulkhead.operator.uninstall;

import dev.bulkhead.crds.Contract;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Why Bulkhead may not be uninstalled yet, in words with the way out. Pure.
final class Refusal {
  private static final Set<String> ENDED = Set.of("Succeeded", "Failed");

  /// More would hide the way out.
  private static final int LISTED = 20;

  private Refusal() {}

  /// Empty when no pod of a VM may still have a guest.
  static Optional<String> of(List<Pod> vmPods, String wayBack) {
    var alive =
        vmPods.stream()
            .filter(pod -> !ENDED.contains(pod.getStatus().getPhase()))
            .map(Refusal::name)
            .sorted()
            .toList();
    return alive.isEmpty() ? Optional.empty() : Optional.of(words(alive, wayBack));
  }

  /// Empty when no pod has a device of a node: nobody else gives those back to their nodes.
  static Optional<String> ofClaims(List<ResourceClaim> claims, String wayBack) {
    var used =
        claims.stream().filter(Refusal::isInUse).map(Refusal::nameAndUsers).sorted().toList();
    return used.isEmpty()
        ? Optional.empty()
        : Optional.of(
            list(
                "Bulkhead is not uninstalled, for pods have devices by these claims:",
                used,
                """

                Delete those pods, and uninstall again. With --no-hooks Bulkhead goes at once; the devices stay bound to
                vfio-pci, and the pods cannot be deleted until it is back.
                To keep Bulkhead instead: %s. Helm upgrades it only after that."""
                    .formatted(wayBack)));
  }

  private static boolean isInUse(ResourceClaim claim) {
    var status = claim.getStatus();
    return status != null
        && status.getAllocation() != null
        && !status.getReservedFor().isEmpty()
        && status.getAllocation().getDevices().getResults().stream()
            .anyMatch(result -> Contract.DEVICE_DRIVER.equals(result.getDriver()));
  }

  private static String nameAndUsers(ResourceClaim claim) {
    return "%s/%s, of %s"
        .formatted(
            claim.getMetadata().getNamespace(),
            claim.getMetadata().getName(),
            claim.getStatus().getReservedFor().stream()
                .map(ResourceClaimConsumerReference::getName)
                .sorted()
                .collect(Collectors.joining(", ")));
  }

  private static String words(List<String> alive, String wayBack) {
    return list(
        "Bulkhead is not uninstalled, for these VMs are not stopped:",
        alive,
        """

                    Stop each (kubectl -n NAMESPACE patch vm NAME --type=merge -p '{"spec":{"power":"Stopped"}}') or
                    delete it (kubectl -n NAMESPACE delete vm NAME), wait until its pod is gone, and uninstall again.
                    With --no-hooks Bulkhead goes at once and leaves them running, with nobody to look after them.
                    To keep Bulkhead instead: %s. Helm upgrades it only after that."""
            .formatted(wayBack));
  }

  private static String list(String headline, List<String> lines, String wayOut) {
    var more = lines.size() > LISTED ? "\n  and " + (lines.size() - LISTED) + " more" : "";
    return lines.stream()
        .limit(LISTED)
        .collect(Collectors.joining("\n  ", headline + "\n  ", more + wayOut));
  }

  private static String name(Pod pod) {
    var node = pod.getSpec().getNodeName();
    return pod.getMetadata().getNamespace()
        + "/"
        + pod.getMetadata().getName()
        + (node == null ? ", on no node yet" : ", on " + node);
  }
}
