package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.DetachedDevices;
import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.operator.virtualmachine.GuestEnd.Cause;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// A pod, read as the home of a guest. Only says what the pod says; decides nothing about it.
record VmPod(Pod pod) {
  private static final Set<String> PROGRESS = Set.of("ContainerCreating", "PodInitializing");

  /// A container whose process never ran, in the words of containerd (its CRI's helpers.go) and of
  /// kubelet (kuberuntime_container.go). Kubelet's own death can be the cause.
  private static final Set<String> NEVER_RAN = Set.of("StartError", "ContainerCannotRun");

  /// A container that is gone without an exit code of its own, in the words of containerd (its
  /// CRI's restart.go) and of kubelet (kubelet_pods.go): after a reboot of the node.
  private static final Set<String> LOST = Set.of("Unknown", "ContainerStatusUnknown");

  private static final Set<String> ENDED = Set.of("Succeeded", "Failed");

  String uid() {
    return pod.getMetadata().getUid();
  }

  String name() {
    return pod.getMetadata().getName();
  }

  String namespace() {
    return pod.getMetadata().getNamespace();
  }

  boolean ownedBy(String ownerUid) {
    return controller().map(OwnerReference::getUid).filter(ownerUid::equals).isPresent();
  }

  /// Whether it has the owner and the part that the other was planned to have.
  boolean isMadeAs(VmPod planned) {
    return planned.controller().map(OwnerReference::getUid).filter(this::ownedBy).isPresent()
        && deviceOf().equals(planned.deviceOf());
  }

  private Optional<String> deviceOf() {
    return Optional.ofNullable(pod.getMetadata().getLabels())
        .map(labels -> labels.get(Contract.DEVICE_OF_LABEL));
  }

  Optional<OwnerReference> controller() {
    return pod.getMetadata().getOwnerReferences().stream()
        .filter(owner -> Boolean.TRUE.equals(owner.getController()))
        .findFirst();
  }

  Instant createdAt() {
    return Instant.parse(pod.getMetadata().getCreationTimestamp());
  }

  /// When its containers must be gone, if it is being deleted.
  Optional<Instant> deletionDeadline() {
    return Optional.ofNullable(pod.getMetadata().getDeletionTimestamp()).map(Instant::parse);
  }

  boolean leaving() {
    return deletionDeadline().isPresent();
  }

  Optional<String> node() {
    return Optional.ofNullable(pod.getSpec().getNodeName()).filter(node -> !node.isEmpty());
  }

  Optional<String> ip() {
    return Optional.ofNullable(pod.getStatus().getPodIP()).filter(ip -> !ip.isEmpty());
  }

  /// Empty when it is said in no words that this code knows.
  Optional<Power> power() {
    return annotation(Contract.POWER_ANNOTATION)
        .flatMap(
            name -> Arrays.stream(Power.values()).filter(p -> p.name().equals(name)).findFirst());
  }

  DetachedDevices detached() {
    return DetachedDevices.parse(annotation(Contract.DETACHED_ANNOTATION).orElse(null));
  }

  MadeFrom madeFrom() {
    return MadeFrom.parse(annotation(Contract.MADE_FROM_ANNOTATION).orElse(""));
  }

  /// Names of the devices that it claims, and which claims bring them.
  List<PodResourceClaim> claims() {
    return pod.getSpec().getResourceClaims();
  }

  Optional<GuestReport> report() {
    return annotation(Contract.REPORT_ANNOTATION).flatMap(GuestReport::parse);
  }

  boolean ready() {
    return condition("Ready").map(PodCondition::getStatus).filter("True"::equals).isPresent();
  }

  /// Whether the control plane no longer hears of the pod's node. Its node lifecycle controller
  /// (MarkPodsNotReady) then takes a pod's readiness back and gives no reason; kubelet always gives
  /// one. It does not tell of pods that were not ready before.
  boolean nodeSilent() {
    return condition("Ready")
        .filter(c -> "False".equals(c.getStatus()))
        .filter(c -> c.getReason() == null || c.getReason().isEmpty())
        .isPresent();
  }

  /// When readiness or the guest's own condition last changed.
  Instant readinessChangedAt() {
    return pod.getStatus().getConditions().stream()
        .filter(c -> Set.of("Ready", Contract.GUEST_RUNNING_CONDITION).contains(c.getType()))
        .map(PodCondition::getLastTransitionTime)
        .filter(Objects::nonNull)
        .map(Instant::parse)
        .max(Instant::compareTo)
        .orElse(createdAt());
  }

  /// The scheduler's words, if it found no node.
  Optional<String> unschedulable() {
    return condition("PodScheduled")
        .filter(c -> "False".equals(c.getStatus()))
        .map(c -> Words.orElse(c.getMessage(), c.getReason()));
  }

  boolean keeperStarted() {
    return keeper()
        .map(ContainerStatus::getState)
        .filter(state -> state.getWaiting() == null)
        .isPresent();
  }

  /// Kubelet's trouble with the keeper's images or settings; plain progress is none.
  Optional<PodTrouble> waitingTrouble() {
    return keeper()
        .map(ContainerStatus::getState)
        .map(ContainerState::getWaiting)
        .filter(waiting -> waiting.getReason() != null && !PROGRESS.contains(waiting.getReason()))
        .map(waiting -> PodTrouble.ofWaiting(waiting.getReason(), waiting.getMessage()));
  }

  /// Present once kubelet says that nothing of the pod runs any more. The pod garbage collector
  /// writes the same just before it removes a pod whose node is gone: that is a removal.
  Optional<GuestEnd> end() {
    if (condition("DisruptionTarget")
        .filter(c -> "DeletionByPodGC".equals(c.getReason()))
        .isPresent()) {
      return Optional.empty();
    }
    return ended() ? Optional.of(readEnd()) : Optional.empty();
  }

  /// Whether nothing of it runs, or will.
  boolean ended() {
    return ENDED.contains(Objects.requireNonNullElse(pod.getStatus().getPhase(), ""));
  }

  private GuestEnd readEnd() {
    var terminated =
        keeper().map(ContainerStatus::getState).map(ContainerState::getTerminated).orElse(null);
    var at =
        terminated == null || terminated.getFinishedAt() == null
            ? readinessChangedAt()
            : Instant.parse(terminated.getFinishedAt());
    return new GuestEnd(uid(), cause(terminated), message(terminated), at, ranUntil(at));
  }

  private Duration ranUntil(Instant end) {
    return report()
        .map(GuestReport::bootTime)
        .map(Instant::parse)
        .filter(boot -> boot.isBefore(end))
        .map(boot -> Duration.between(boot, end))
        .orElse(Duration.ZERO);
  }

  private Cause cause(ContainerStateTerminated terminated) {
    if (pod.getStatus().getReason() != null || terminated == null) {
      return Cause.Evicted;
    }
    if (neverRan(terminated)) {
      return Cause.StartFailed;
    }
    return switch (terminated.getExitCode()) {
      case Contract.EXIT_POWERED_OFF -> Cause.PoweredOff;
      case Contract.EXIT_START_FAILED -> Cause.StartFailed;
      default -> Cause.Crashed;
    };
  }

  private static boolean neverRan(ContainerStateTerminated terminated) {
    return terminated.getReason() != null && NEVER_RAN.contains(terminated.getReason());
  }

  private String message(ContainerStateTerminated terminated) {
    if (pod.getStatus().getReason() != null) {
      var words = Objects.requireNonNullElse(pod.getStatus().getMessage(), "no message");
      return "the node ended it (" + pod.getStatus().getReason() + ": " + words.strip() + ")";
    }
    if (terminated == null) {
      return "the node ended it and left no word";
    }
    if (LOST.contains(Words.orElse(terminated.getReason(), ""))) {
      return node().orElse("its node") + " was restarted, or lost the VM's container otherwise";
    }
    if (neverRan(terminated)) {
      return node().orElse("its node")
          + " could not start the VM's container: "
          + Objects.requireNonNullElse(terminated.getMessage(), "no message").strip();
    }
    if (terminated.getMessage() != null && !terminated.getMessage().isBlank()) {
      return terminated.getMessage().strip();
    }
    return switch (terminated.getExitCode()) {
      case Contract.EXIT_POWERED_OFF -> "the guest powered itself off";
      case Contract.EXIT_CRASHED -> "QEMU ended without a word";
      case Contract.EXIT_START_FAILED -> "the guest could not be started";
      default ->
          "its keeper was killed (exit code "
              + terminated.getExitCode()
              + ", "
              + terminated.getReason()
              + ")";
    };
  }

  private Optional<ContainerStatus> keeper() {
    return pod.getStatus().getContainerStatuses().stream()
        .filter(container -> Contract.KEEPER_CONTAINER.equals(container.getName()))
        .findFirst();
  }

  private Optional<PodCondition> condition(String type) {
    return pod.getStatus().getConditions().stream()
        .filter(condition -> type.equals(condition.getType()))
        .findFirst();
  }

  Optional<String> annotation(String name) {
    var annotations = pod.getMetadata().getAnnotations();
    return annotations == null ? Optional.empty() : Optional.ofNullable(annotations.get(name));
  }
}
