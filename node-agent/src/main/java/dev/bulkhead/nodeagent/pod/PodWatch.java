package dev.bulkhead.nodeagent.pod;

import dev.bulkhead.crds.Contract;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/// The VM pods bound to this node, kept up to date by a watch. Before `synced` an absent pod means
/// nothing.
public final class PodWatch implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(PodWatch.class);
  private static final String BY_UID = "uid";

  private final KubernetesClient client;
  private final SharedIndexInformer<Pod> informer;

  public PodWatch(KubernetesClient client, String node) {
    this.client = client;
    this.informer =
        client
            .pods()
            .inAnyNamespace()
            .withLabel(Contract.VM_LABEL)
            .withField("spec.nodeName", node)
            .runnableInformer(0)
            .addIndexers(Map.of(BY_UID, pod -> List.of(pod.getMetadata().getUid())))
            .exceptionHandler(
                (_, e) -> {
                  LOG.warnf("watching pods: %s; trying again", e.getMessage());
                  return true;
                });
  }

  /// Watches from now on, through all failures.
  ///
  /// @param onChange is told each pod that appears, changes or goes
  /// @param onSynced runs once, when all pods are known
  public void start(Consumer<PodUid> onChange, Runnable onSynced) {
    informer.addEventHandler(new Handler(onChange));
    parseOnce();
    informer.start().thenRun(onSynced);
  }

  /// Its first pod costs a JVM seconds on a busy node, most of it for preparing to parse one. Here
  /// this holds up no event loop, and is part of the run that trains the image's AOT cache
  /// (images/train.sh), which meets no pods.
  private void parseOnce() {
    client
        .getKubernetesSerialization()
        .unmarshal("{\"items\": [{\"spec\": {}, \"status\": {}}]}", PodList.class);
  }

  public boolean synced() {
    return informer.hasSynced();
  }

  /// Null when there is no such pod on this node.
  public VmPod find(PodUid uid) {
    return informer.getIndexer().byIndex(BY_UID, uid.value()).stream()
        .filter(PodWatch::hasGuest)
        .map(VmPod::of)
        .findFirst()
        .orElse(null);
  }

  public List<VmPod> all() {
    return informer.getStore().list().stream().filter(PodWatch::hasGuest).map(VmPod::of).toList();
  }

  /// A label alone makes no guest.
  private static boolean hasGuest(Pod pod) {
    return pod.getMetadata().getAnnotations().containsKey(Contract.GUEST_ANNOTATION);
  }

  @Override
  public void close() {
    informer.close();
  }

  private record Handler(Consumer<PodUid> onChange) implements ResourceEventHandler<Pod> {
    @Override
    public void onAdd(Pod pod) {
      changed(pod);
    }

    @Override
    public void onUpdate(Pod old, Pod pod) {
      changed(pod);
    }

    @Override
    public void onDelete(Pod pod, boolean finalStateUnknown) {
      changed(pod);
    }

    private void changed(Pod pod) {
      onChange.accept(new PodUid(pod.getMetadata().getUid()));
    }
  }
}
