package dev.bulkhead.nodeagent.pod;

import dev.bulkhead.crds.Contract;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.client.Client;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.PodResource;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.BasicItemStore;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/// The VM pods bound to this node, kept up to date by a watch. Before `synced` an absent pod means
/// nothing.
///
/// Where the node was cut off from the API server, the watch is begun anew once it is back: TCP
/// tries a connection that was cut again only after a time as long as the cut, and the API server
/// may have given it up meanwhile, which nobody would tell. A guest whose pod was removed by force
/// must end before.
public final class PodWatch implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(PodWatch.class);
  private static final Duration CALL_EVERY = Duration.ofSeconds(5);

  private final KubernetesClient client;
  private final Client caller;
  private final String node;
  private final InstantSource clock;
  private final Map<PodUid, Instant> leaving = new ConcurrentHashMap<>();
  private final ScheduledExecutorService calls =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("api-server-calls").daemon().factory());
  private volatile SharedIndexInformer<Pod> informer;
  private boolean cutOff;

  public PodWatch(KubernetesClient client, String node, InstantSource clock) {
    this.client = client;
    this.caller =
        client.newClient(
            new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                .withRequestRetryBackoffLimit(0)
                .build());
    this.node = node;
    this.clock = clock;
    this.informer = newInformer();
  }

  private SharedIndexInformer<Pod> newInformer() {
    return ofThisNode()
        .runnableInformer(0)
        .itemStore(new BasicItemStore<>(pod -> pod.getMetadata().getUid()))
        .exceptionHandler(
            (_, e) -> {
              LOG.warnf("watching pods: %s; trying again", e.getMessage());
              return true;
            });
  }

  private FilterWatchListDeletable<Pod, PodList, PodResource> ofThisNode() {
    return client
        .pods()
        .inAnyNamespace()
        .withLabel(Contract.VM_LABEL)
        .withField("spec.nodeName", node);
  }

  /// Watches from now on, through all failures.
  ///
  /// @param onChange is told each pod that appears, changes or goes
  /// @param onSynced runs each time that all pods are known anew
  public void start(Consumer<PodUid> onChange, Runnable onSynced) {
    var handler = new Handler(onChange, leaving);
    informer.addEventHandler(handler);
    parseOnce();
    informer.start().thenRun(onSynced);
    var _ =
        calls.scheduleWithFixedDelay(
            () -> call(handler, onSynced),
            CALL_EVERY.toMillis(),
            CALL_EVERY.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /// Any answer will do.
  private void call(Handler handler, Runnable onSynced) {
    try {
      caller.raw("/version");
    } catch (KubernetesClientException e) {
      // What is no HTTP status is the client's own word (-1 in Fabric8 7) for no answer.
      if (e.getCode() <= 0 && !cutOff) {
        LOG.warnf("the API server does not answer: %s", e.getMessage());
        cutOff = true;
      }
      return;
    }
    if (cutOff) {
      LOG.info("the API server answers again; pods are watched anew");
      cutOff = false;
      watchAnew(handler, onSynced);
    }
  }

  private void watchAnew(Handler handler, Runnable onSynced) {
    var former = informer;
    var next = newInformer();
    next.addEventHandler(handler);
    var _ =
        next.start()
            .thenRun(
                () -> {
                  informer = next;
                  former.close();
                  forgetTheGone();
                  onSynced.run();
                });
  }

  /// Nobody tells of a pod that went while this was cut off.
  private void forgetTheGone() {
    var pods = all().stream().map(VmPod::uid).toList();
    leaving.keySet().retainAll(pods);
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

  /// Null when there is no such pod on this node, as far as the watch has told.
  ///
  /// The store's keys are UIDs for this. An index would not do: it takes an entry out and puts it
  /// in again at each update (Fabric8 7), and who looks in between sees a pod that is not there.
  public VmPod find(PodUid uid) {
    var pod = informer.getStore().getByKey(uid.value());
    return pod == null || !hasGuest(pod) ? null : read(pod);
  }

  /// Whether the API server itself, asked for its latest state, has no such pod on this node any
  /// more. Ask before anything is done that only a pod's end allows.
  ///
  /// @throws IOException if the API server does not say
  public boolean confirmsGone(PodUid uid) throws IOException {
    try {
      return ofThisNode().list().getItems().stream()
          .noneMatch(pod -> pod.getMetadata().getUid().equals(uid.value()) && hasGuest(pod));
    } catch (KubernetesClientException e) {
      throw new IOException(
          "cannot ask the API server whether pod %s is gone: %s"
              .formatted(uid.value(), e.getMessage()),
          e);
    }
  }

  public List<VmPod> all() {
    return informer.getStore().list().stream().filter(PodWatch::hasGuest).map(this::read).toList();
  }

  private VmPod read(Pod pod) {
    var read = VmPod.of(pod);
    return read.deletion() == null
        ? read
        : read.leavingSince(leaving.computeIfAbsent(read.uid(), _ -> clock.instant()));
  }

  /// A label alone makes no guest.
  private static boolean hasGuest(Pod pod) {
    return pod.getMetadata().getAnnotations().containsKey(Contract.GUEST_ANNOTATION);
  }

  @Override
  public void close() {
    calls.shutdownNow();
    informer.close();
  }

  private record Handler(Consumer<PodUid> onChange, Map<PodUid, Instant> leaving)
      implements ResourceEventHandler<Pod> {
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
      leaving.remove(new PodUid(pod.getMetadata().getUid()));
      changed(pod);
    }

    private void changed(Pod pod) {
      onChange.accept(new PodUid(pod.getMetadata().getUid()));
    }
  }
}
