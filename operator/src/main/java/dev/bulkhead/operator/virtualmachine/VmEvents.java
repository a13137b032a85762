package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.VirtualMachine;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells events to the Kubernetes API, for `kubectl describe`. They are a courtesy: one that cannot
/// be written is logged, and nothing waits for it.
final class VmEvents {
  private static final Logger LOG = LoggerFactory.getLogger(VmEvents.class);
  private static final String COMPONENT = "bulkhead-operator";

  private final KubernetesClient client;

  VmEvents(KubernetesClient client) {
    this.client = client;
  }

  void tell(VirtualMachine vm, List<VmEvent> events, Instant now) {
    for (var event : events) {
      LOG.info("{} {}: {}", name(vm), event.reason(), event.message());
      try {
        client.v1().events().resource(resource(vm, event, now)).create();
      } catch (KubernetesClientException e) {
        LOG.warn(
            "{}: event {} is lost: {}",
            name(vm),
            event.reason(),
            e.getStatus() == null ? e.getMessage() : e.getStatus().getMessage());
      }
    }
  }

  private static String name(VirtualMachine vm) {
    return vm.getMetadata().getNamespace() + "/" + vm.getMetadata().getName();
  }

  private static Event resource(VirtualMachine vm, VmEvent event, Instant now) {
    var meta = vm.getMetadata();
    var time = now.truncatedTo(ChronoUnit.SECONDS).toString();
    return new EventBuilder()
        .withNewMetadata()
        .withGenerateName(meta.getName() + ".")
        .withNamespace(meta.getNamespace())
        .endMetadata()
        .withNewInvolvedObject()
        .withApiVersion(vm.getApiVersion())
        .withKind(vm.getKind())
        .withNamespace(meta.getNamespace())
        .withName(meta.getName())
        .withUid(meta.getUid())
        .endInvolvedObject()
        .withNewSource()
        .withComponent(COMPONENT)
        .endSource()
        .withType(event.type())
        .withReason(event.reason())
        .withMessage(event.message())
        .withFirstTimestamp(time)
        .withLastTimestamp(time)
        .withCount(1)
        .build();
  }
}
