package dev.bulkhead.e2e;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;

/// Waits until Kubernetes and Bulkhead themselves work, told by what they do and not by what is
/// still written about them. It never looks at a guest.
record Recovery(Lab lab, Hosts hosts) {
  /// Kubelet waits 10 s before it starts a container for the third time; a JVM on a busy machine
  /// is ready in 5 s, another operator leads after 9 s.
  private static final Duration WITHIN = Duration.ofSeconds(90);

  /// @param since when nothing was broken any more
  void await(Instant since) {
    await("the API server", () -> lab.kubectl().run("get", "--raw=/readyz").exitCode() == 0);
    hosts
        .workers()
        .forEach(host -> await("kubelet of " + host.name(), () -> renewed(nodeLease(host), since)));
    hosts
        .workers()
        .forEach(
            host ->
                await(
                    "containerd of " + host.name(),
                    () -> host.machine().exec("timeout", "3", "ctr", "version").status() == 0));
    hosts
        .workers()
        .forEach(host -> await("node agent of " + host.name(), () -> agentAnswers(host)));
    await("a leading operator", () -> renewed(Deployment.lease(client()), since));
  }

  /// Kubelet makes a container wait ever longer before it starts it once more. In a new pod it does
  /// not, so a pod of ours whose container was killed before is replaced: a fault is then as
  /// quickly repaired as in a cluster where it is rare.
  void forgiveBackOffOf(List<Component> components) {
    var containers =
        components.stream().map(Component::container).filter(Objects::nonNull).toList();
    var restarted = restarted(containers);
    restarted.forEach(pod -> client().resource(pod).withGracePeriod(5).delete());
    if (!restarted.isEmpty()) {
      await("new pods", () -> restarted(containers).isEmpty() && Deployment.isComplete(client()));
      await(Instant.now());
    }
  }

  private List<Pod> restarted(List<String> containers) {
    return Deployment.pods(client()).stream()
        .filter(
            pod ->
                pod.getStatus().getContainerStatuses().stream()
                    .anyMatch(c -> c.getRestartCount() > 0 && containers.contains(c.getName())))
        .toList();
  }

  private Lease nodeLease(Host host) {
    return client().leases().inNamespace("kube-node-lease").withName(host.name()).get();
  }

  /// @param lease null when its node has been deleted and is not back yet
  private static boolean renewed(Lease lease, Instant since) {
    return lease != null && lease.getSpec().getRenewTime().toInstant().isAfter(since);
  }

  private boolean agentAnswers(Host host) {
    var ip = Deployment.agentPod(client(), host.name()).getStatus().getPodIP();
    return ip != null && host.isOk(ip, 9000, "/q/health/ready");
  }

  private KubernetesClient client() {
    return lab.client();
  }

  private static void await(String what, Callable<Boolean> works) {
    Awaitility.await(what + " to work again")
        .atMost(WITHIN)
        .pollInterval(Duration.ofMillis(300))
        .ignoreException(KubernetesClientException.class)
        .until(works);
  }
}
