package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineStatus;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Optional;

/// Makes conditions as Kubernetes' API conventions ask: `lastTransitionTime` stays while the status
/// stays, whatever the reason.
final class Conditions {
  static final String TRUE = "True";
  static final String FALSE = "False";
  static final String UNKNOWN = "Unknown";

  private final VirtualMachineStatus before;
  private final Long generation;
  private final Instant now;

  Conditions(VirtualMachine vm, Instant now) {
    this.before = vm.getStatus();
    this.generation = vm.getMetadata().getGeneration();
    this.now = now;
  }

  Condition of(ConditionType type, String status, Reason reason, String message) {
    var since =
        find(before, type)
            .filter(old -> status.equals(old.getStatus()))
            .map(Condition::getLastTransitionTime)
            .orElseGet(() -> now.truncatedTo(ChronoUnit.SECONDS).toString());
    return new ConditionBuilder()
        .withType(type.name())
        .withStatus(status)
        .withReason(reason.name())
        .withMessage(message)
        .withObservedGeneration(generation)
        .withLastTransitionTime(since)
        .build();
  }

  /// @param status null for none yet
  static Optional<Condition> find(VirtualMachineStatus status, ConditionType type) {
    return status == null || status.getConditions() == null
        ? Optional.empty()
        : status.getConditions().stream()
            .filter(condition -> type.name().equals(condition.getType()))
            .findFirst();
  }

  /// Empty also for a reason that only another version of this code knows.
  static Optional<Reason> reason(VirtualMachineStatus status, ConditionType type) {
    return find(status, type).map(Condition::getReason).flatMap(Conditions::reason);
  }

  private static Optional<Reason> reason(String name) {
    return Arrays.stream(Reason.values()).filter(reason -> reason.name().equals(name)).findFirst();
  }
}
