package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.operator.watch.LeanStore;
import io.fabric8.kubernetes.api.model.Event;
import io.javaoperatorsdk.operator.api.config.informer.FieldSelectorBuilder;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.util.Collection;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// What kubelet complains of, watched: to ask for one pod's events, the API server reads all of its
/// namespace, and a burst of pods that wait for a busy kubelet made it read them thousands of
/// times.
final class PodWarningsObserver {
  private PodWarningsObserver() {}

  /// Of all pods, for an event does not say whether its pod is a VM's.
  ///
  /// @param known whether there is such a VM; only then is a warning worth a look
  static InformerEventSourceConfiguration<Event> watched(Predicate<ResourceID> known) {
    return InformerEventSourceConfiguration.from(Event.class, VirtualMachine.class)
        .withFieldSelector(
            new FieldSelectorBuilder()
                .withField("type", "Warning")
                .withField("involvedObject.kind", "Pod")
                .build())
        .withItemStore(new LeanStore<>())
        .withInformerListLimit(LeanStore.LISTED_AT_ONCE)
        .withSecondaryToPrimaryMapper(event -> Set.of(pod(event)))
        .withOnAddFilter(event -> known.test(pod(event)))
        .withOnUpdateFilter((event, before) -> known.test(pod(event)))
        .withOnDeleteFilter((event, unknown) -> false)
        .build();
  }

  /// A VM's pod has its VM's name.
  private static ResourceID pod(Event event) {
    var pod = event.getInvolvedObject();
    return new ResourceID(pod.getName(), pod.getNamespace());
  }

  /// The newest about that pod, not one of the same name before it. The scheduler's are in the
  /// pod's conditions.
  static Optional<PodTrouble> newest(Collection<Event> events, VmPod pod) {
    return events.stream()
        .filter(event -> pod.uid().equals(event.getInvolvedObject().getUid()))
        .filter(event -> !"FailedScheduling".equals(event.getReason()))
        .max(Comparator.comparing(PodWarningsObserver::lastSeen))
        .map(event -> PodTrouble.ofEvent(event.getReason(), event.getMessage()));
  }

  private static String lastSeen(Event event) {
    return Objects.requireNonNullElse(
        event.getLastTimestamp(), event.getMetadata().getCreationTimestamp());
  }
}
