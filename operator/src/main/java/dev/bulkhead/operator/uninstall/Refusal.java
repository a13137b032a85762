package dev.bulkhead.operator.uninstall;

import io.fabric8.kubernetes.api.model.Pod;
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

  private static String words(List<String> alive, String wayBack) {
    var more = alive.size() > LISTED ? "\n  and " + (alive.size() - LISTED) + " more" : "";
    return alive.stream()
        .limit(LISTED)
        .collect(
            Collectors.joining(
                "\n  ",
                "Bulkhead is not uninstalled, for these VMs are not stopped:\n  ",
                more
                    + """

                    Stop each (kubectl -n NAMESPACE patch vm NAME --type=merge -p '{"spec":{"power":"Stopped"}}') or
                    delete it (kubectl -n NAMESPACE delete vm NAME), wait until its pod is gone, and uninstall again.
                    With --no-hooks Bulkhead goes at once and leaves them running, with nobody to look after them.
                    To keep Bulkhead instead: %s. Helm upgrades it only after that."""
                        .formatted(wayBack)));
  }

  private static String name(Pod pod) {
    var node = pod.getSpec().getNodeName();
    return pod.getMetadata().getNamespace()
        + "/"
        + pod.getMetadata().getName()
        + (node == null ? ", on no node yet" : ", on " + node);
  }
}
