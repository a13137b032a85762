package dev.bulkhead.e2e.bench;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/// Scheduler, kubelets and node agents of many nodes, played: as soon as a VM's pod is there it is
/// bound, its keeper runs, its guest is reported, and it is ready. Each step is the one write that
/// the real component makes, in the form it has; none takes the time that the real one would.
final class PlayedNodes implements AutoCloseable {
  /// As many writes at once as keep two cores busy and no more.
  private static final int HANDS = 8;

  private final KubernetesClient client;
  private final int nodes;
  private final AtomicInteger next = new AtomicInteger();
  private final Map<String, String> homes = new ConcurrentHashMap<>();
  private final Map<String, Boolean> begun = new ConcurrentHashMap<>();
  private final ExecutorService hands = Executors.newFixedThreadPool(HANDS);
  private final SharedIndexInformer<Pod> pods;

  PlayedNodes(KubernetesClient client, int nodes) {
    this.client = client;
    this.nodes = nodes;
    for (int i = 0; i < nodes; i++) {
      client
          .resource(new NodeBuilder().withNewMetadata().withName(node(i)).endMetadata().build())
          .create();
    }
    pods = client.pods().inAnyNamespace().withLabel(Contract.VM_LABEL).inform(new Handler(this));
  }

  private static String node(int index) {
    return "played-" + index;
  }

  private void seen(Pod pod) {
    if (begun.putIfAbsent(pod.getMetadata().getUid(), true) == null) {
      hands.execute(() -> boot(pod.getMetadata().getNamespace(), pod.getMetadata().getName()));
    }
  }

  private void boot(String namespace, String name) {
    int number = next.getAndIncrement();
    homes.put(namespace + "/" + name, node(number % nodes));
    bind(namespace, name, node(number % nodes));
    patchStatus(namespace, name, keeperRuns(number));
    report(namespace, name, GuestReport.State.Running);
    patchStatus(namespace, name, ready());
  }

  private void bind(String namespace, String name, String node) {
    var binding =
        """
        {"apiVersion":"v1","kind":"Binding","metadata":{"name":"%s"},"target":{"apiVersion":"v1","kind":"Node","name":"%s"}}
        """
            .formatted(name, node);
    client.raw("/api/v1/namespaces/%s/pods/%s/binding".formatted(namespace, name), "POST", binding);
  }

  private static String keeperRuns(int number) {
    var ip = "10.%d.%d.%d".formatted(64 + number / 65536, number / 256 % 256, number % 256);
    return """
    {"status":{"phase":"Running","podIP":"%1$s","podIPs":[{"ip":"%1$s"}],"startTime":"%2$s","conditions":[
      {"type":"Initialized","status":"True","lastTransitionTime":"%2$s"},
      {"type":"ContainersReady","status":"True","lastTransitionTime":"%2$s"},
      {"type":"Ready","status":"False","reason":"ReadinessGatesNotReady","lastTransitionTime":"%2$s"}],
      "containerStatuses":[{"name":"%3$s","image":"keeper","imageID":"keeper","ready":true,"started":true,
      "restartCount":0,"state":{"running":{"startedAt":"%2$s"}}}]}}
    """
        .formatted(ip, now(), Contract.KEEPER_CONTAINER);
  }

  private static String ready() {
    return """
    {"status":{"conditions":[{"type":"Ready","status":"True","reason":null,"lastTransitionTime":"%s"}]}}
    """
        .formatted(now());
  }

  private void patchStatus(String namespace, String name, String patch) {
    client
        .pods()
        .inNamespace(namespace)
        .withName(name)
        .subresource("status")
        .patch(PatchContext.of(PatchType.STRATEGIC_MERGE), patch);
  }

  /// What the pod's node agent applies.
  void report(String namespace, String name, GuestReport.State state) {
    var pod =
        new PodBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace(namespace)
            .addToAnnotations(
                Contract.REPORT_ANNOTATION,
                new GuestReport(1, state, now(), GuestReport.Accelerator.KVM, null, null).toJson())
            .endMetadata()
            .withNewStatus()
            .addNewCondition()
            .withType(Contract.GUEST_RUNNING_CONDITION)
            .withStatus(state == GuestReport.State.Running ? "True" : "False")
            .withLastTransitionTime(now())
            .endCondition()
            .endStatus()
            .build();
    apply(homes.get(namespace + "/" + name), namespace, name, Serialization.asJson(pod));
  }

  /// With the rights of that node's agent. Fabric8 would need a client for each.
  private void apply(String node, String namespace, String name, String object) {
    var http = client.getHttpClient();
    var request =
        http.newHttpRequestBuilder()
            .uri(
                "%sapi/v1/namespaces/%s/pods/%s/status?force=true&fieldManager=%s"
                    .formatted(
                        client.getMasterUrl(), namespace, name, Contract.AGENT_FIELD_MANAGER))
            .method("PATCH", "application/apply-patch+yaml", object)
            .header(
                "Impersonate-User",
                "system:serviceaccount:%s:bulkhead-node-agent"
                    .formatted(BareCluster.RELEASE_NAMESPACE))
            .header("Impersonate-Group", "system:authenticated")
            .header("Impersonate-Extra-authentication.kubernetes.io%2Fnode-name", node)
            .build();
    var response = http.sendAsync(request, String.class).join();
    if (!response.isSuccessful()) {
      throw new IllegalStateException(
          "report on %s: %d %s".formatted(name, response.code(), response.body()));
    }
  }

  private static String now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  @Override
  public void close() {
    pods.close();
    hands.shutdownNow();
  }

  private record Handler(PlayedNodes played) implements ResourceEventHandler<Pod> {
    @Override
    public void onAdd(Pod pod) {
      played.seen(pod);
    }

    @Override
    public void onUpdate(Pod old, Pod pod) {}

    @Override
    public void onDelete(Pod pod, boolean unknown) {}
  }
}
