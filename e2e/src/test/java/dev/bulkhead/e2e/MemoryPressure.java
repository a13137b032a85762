package dev.bulkhead.e2e;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

/// Kubelet of one node wants more memory to be free there than is, by `SHORT`, until this is
/// closed. It evicts one pod after another until there is, the VM of lowest priority first if no
/// pod takes more than it has requested.
///
/// It is `evictionSoft` that says so: kubelet takes what `evictionHard` keeps free away from what
/// pods can request, and would then refuse pods that run already when it is started again.
final class MemoryPressure implements AutoCloseable {
  /// In bytes; more than a kubelet that has just been started again takes less than it did before.
  static final long SHORT = 200L << 20;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Lab lab;
  private final Hosts hosts;
  private final String node;

  /// Kubelet looks every 10 s. The node's taint comes within 5 s of the first look, so that the
  /// scheduler knows it when a pod is evicted; it stays for two minutes at least.
  MemoryPressure(Lab lab, Hosts hosts, String node) {
    this.lab = lab;
    this.hosts = hosts;
    this.node = node;
    hosts
        .on(node)
        .sh(
            """
            cat /bed/kubelet.yaml - >/run/kubelet.yaml <<'YAML'
            evictionSoft: {memory.available: "%d"}
            evictionSoftGracePeriod: {memory.available: 15s}
            evictionMaxPodGracePeriod: 1
            evictionPressureTransitionPeriod: 120s
            YAML
            mount --bind /run/kubelet.yaml /bed/kubelet.yaml
            """
                .formatted(free() + SHORT));
    restartKubelet();
  }

  /// As kubelet counts it, in bytes.
  private long free() {
    var summary =
        lab.kubectl()
            .run("get", "--raw", "/api/v1/nodes/" + node + "/proxy/stats/summary")
            .succeeded()
            .out();
    try {
      return JSON.readTree(summary).at("/node/memory/availableBytes").asLong();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("no summary: " + summary, e);
    }
  }

  boolean isTainted() {
    return lab.client().nodes().withName(node).get().getSpec().getTaints().stream()
        .anyMatch(taint -> "node.kubernetes.io/memory-pressure".equals(taint.getKey()));
  }

  private void restartKubelet() {
    Component.KUBELET.find(lab, hosts, node).kill();
  }

  @Override
  public void close() {
    hosts.on(node).sh("umount /bed/kubelet.yaml && rm /run/kubelet.yaml");
    restartKubelet();
    Lab.awaitTrue("no taint of " + node, () -> !isTainted());
  }
}
