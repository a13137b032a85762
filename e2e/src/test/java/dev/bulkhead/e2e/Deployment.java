package dev.bulkhead.e2e;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;

/// Bulkhead's own pods, found as an administrator finds them: by the chart's labels.
public final class Deployment {
  public static final String NAMESPACE = "bulkhead-system";
  private static final String COMPONENT = "app.kubernetes.io/component";

  public static List<Pod> pods(KubernetesClient client) {
    return client.pods().inNamespace(NAMESPACE).withLabel(COMPONENT).list().getItems();
  }

  /// As many pods as the chart asks for, and all ready.
  static boolean isComplete(KubernetesClient client) {
    var operator = client.apps().deployments().inNamespace(NAMESPACE).list().getItems();
    var agents = client.apps().daemonSets().inNamespace(NAMESPACE).list().getItems();
    return operator.stream()
            .allMatch(d -> d.getSpec().getReplicas().equals(d.getStatus().getReadyReplicas()))
        && agents.stream()
            .allMatch(
                d ->
                    d.getStatus()
                        .getDesiredNumberScheduled()
                        .equals(d.getStatus().getNumberReady()));
  }

  public static List<Pod> operatorPods(KubernetesClient client) {
    return client.pods().inNamespace(NAMESPACE).withLabel(COMPONENT, "operator").list().getItems();
  }

  /// The operator that holds the lease, and when it last said so.
  static Lease lease(KubernetesClient client) {
    return client.leases().inNamespace(NAMESPACE).withName("bulkhead-operator").get();
  }

  public static Pod leader(KubernetesClient client) {
    var name = lease(client).getSpec().getHolderIdentity();
    return operatorPods(client).stream()
        .filter(pod -> pod.getMetadata().getName().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("the lease's holder " + name + " is gone"));
  }

  static List<Pod> agentPods(KubernetesClient client) {
    return client
        .pods()
        .inNamespace(NAMESPACE)
        .withLabel(COMPONENT, "node-agent")
        .list()
        .getItems();
  }

  static Pod agentPod(KubernetesClient client, String node) {
    return agentPods(client).stream()
        .filter(pod -> node.equals(pod.getSpec().getNodeName()))
        .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
        .findFirst()
        .orElseThrow(() -> new AssertionError("no node agent on " + node));
  }

  static boolean readyAgentPodOtherThan(KubernetesClient client, String node, Pod old) {
    return agentPods(client).stream()
        .filter(pod -> node.equals(pod.getSpec().getNodeName()))
        .filter(pod -> !pod.getMetadata().getUid().equals(old.getMetadata().getUid()))
        .anyMatch(
            pod ->
                pod.getStatus().getConditions().stream()
                    .anyMatch(c -> "Ready".equals(c.getType()) && "True".equals(c.getStatus())));
  }

  private Deployment() {}
}
