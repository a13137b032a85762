package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachine;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/// Kubernetes wants a guest off its node: it shuts down cleanly within its grace period, and starts
/// elsewhere. Two of it are never there.
@Isolated("drains nodes")
@ExtendWith(OnCluster.class)
class DrainE2E {
  private static final String NODE = "worker-1";
  private static final String OTHER = "worker-2";

  /// Of which the tiny guest takes 1 to 3 s.
  private static final int GRACE = 30;

  private QemuWatch watch;

  @BeforeEach
  void look(Hosts hosts) {
    watch = new QemuWatch(hosts);
  }

  @AfterEach
  void clear(Lab lab, Hosts hosts) {
    lab.kubectl().run("uncordon", NODE).succeeded();
    lab.delete("pdb", "--all");
    lab.delete("pod", "bully");
    lab.clear();
    lab.delete("priorityclass", "e2e-meek", "e2e-bully");
    watch.assertNeverTwoOfOneVm();
    watch.close();
  }

  @Test
  void aDrainHeedsTheDisruptionBudgetAndThenMovesTheGuest(Lab lab, Hosts hosts) {
    var guest = start(lab, "movable");
    var bootId = guest.bootId();
    lab.apply(budget("movable"));
    Lab.awaitTrue(
        "the budget to be counted",
        () ->
            lab.kubectl()
                .run("get", "pdb", "movable", "-o", "jsonpath={.status.currentHealthy}")
                .out()
                .equals("1"));

    var refused = drain(lab, "5s");
    assertThat(refused.exitCode()).as(refused.all()).isNotZero();
    assertThat(refused.all()).contains("disruption budget");
    assertThat(guest.bootId()).as("the guest under its budget").isEqualTo(bootId);

    lab.apply(Manifests.tinyGuest("late", Manifests.preferably(NODE)));
    assertThat(lab.awaitRunning("late").node()).as("of a guest that starts now").isEqualTo(OTHER);

    lab.delete("pdb", "movable");
    try (var console = hosts.on(NODE).followConsole(lab, "movable")) {
      var since = Instant.now();
      drain(lab, GRACE + "s").succeeded();
      assertThat(Duration.between(since, Instant.now())).isLessThan(Duration.ofSeconds(GRACE));
      assertThat(console.text()).contains("guest: clean shutdown");
    }
    awaitElsewhere(lab, hosts, "movable", bootId);
  }

  @Test
  void aGuestGivesWayToAPodOfHigherPriority(Lab lab, Hosts hosts) {
    lab.apply(priority("e2e-meek", -1000), priority("e2e-bully", -10));
    var guest = start(lab, "meek", "  priorityClassName: e2e-meek");
    var bootId = guest.bootId();
    try (var console = hosts.on(NODE).followConsole(lab, "meek")) {
      lab.apply(bully(freeMemory(lab.client()) + (16L << 20)));
      lab.awaitVm("meek", "on the other node", vm -> runsElsewhere(vm));
      assertThat(console.text()).contains("guest: clean shutdown");
    }
    awaitElsewhere(lab, hosts, "meek", bootId);
  }

  /// By kubelet itself, as when a node's memory runs out. Here it is for a volume that outgrows its
  /// limit, for the bed's nodes share the memory of a developer's machine. It grants no time then.
  @Test
  @EnabledIfSystemProperty(named = "nodes", matches = "all")
  void aGuestThatKubeletEvictsIsStartedAnewAndSaidWhy(Lab lab, Hosts hosts) {
    var guest = start(lab, "big", "  disks:", "  - {name: data, empty: {size: 16Mi}}");
    var bootId = guest.bootId();
    var disk = hosts.on(NODE).volume(lab, "big", "disk-data");
    hosts.on(NODE).sh("head -c 64M /dev/zero >" + disk + "/of-somebody-else");
    lab.awaitVm("big", "an end", vm -> vm.getStatus().getRestarts() != null);
    assertThat(lab.awaitRunning("big").bootId()).isNotEqualTo(bootId);
    var restarts = lab.vm("big").get().getStatus().getRestarts();
    assertThat(restarts.getLastExitReason()).isEqualTo("Evicted");
    assertThat(restarts.getLastExitMessage()).contains("disk-data", "exceeds the limit");
    assertThat(hosts.qemusOf(lab, "big")).hasSize(1);
  }

  /// Of the last of its node's pods in priority, by far. The others have room in what they request.
  @Test
  @EnabledIfSystemProperty(named = "nodes", matches = "all")
  void aGuestEvictedForItsNodesMemoryIsStartedWhereThereIsSome(Lab lab, Hosts hosts) {
    lab.delete("pod", "client-2"); // requests nothing, and would go first
    lab.apply(priority("e2e-meek", -1000), hungry(OTHER));
    try {
      var guest = lab.awaitRunning("hungry");
      assertThat(guest.node()).isEqualTo(OTHER);
      var bootId = guest.bootId();
      try (var pressure = new MemoryPressure(lab, hosts, OTHER)) {
        Lab.awaitTrue("the taint", pressure::isTainted);
        lab.awaitVm("hungry", "evicted", vm -> vm.getStatus().getRestarts() != null);
        lab.awaitVm("hungry", "on the other node", vm -> runsOn(vm, NODE));
        assertThat(pressure.isTainted()).as("the node it left is tainted still").isTrue();
      }
      assertThat(lab.awaitRunning("hungry").bootId()).isNotEqualTo(bootId);
      var restarts = lab.vm("hungry").get().getStatus().getRestarts();
      assertThat(restarts.getLastExitReason()).isEqualTo("Evicted");
      assertThat(restarts.getLastExitMessage()).contains("low on resource: memory");
      assertThat(restarts.getCount()).isEqualTo(1);
      assertThat(hosts.qemusOf(lab, "hungry")).hasSize(1);
    } finally {
      lab.apply(Manifests.container("client-2", OTHER));
      replaceEvictedOperators(lab);
    }
  }

  /// It takes twice the memory that its node is made short of.
  private static String hungry(String node) {
    return Manifests.tinyGuest(
            "hungry",
            "  priorityClassName: e2e-meek",
            Manifests.preferably(node),
            """
              cloudInit:
                userData: |
                  #!/bin/sh
                  dd if=/dev/zero of=/hoard bs=1M count=%d
                  exec serve
            """
                .formatted((2 * MemoryPressure.SHORT) >> 20)
                .stripTrailing())
        .replace("96Mi", "1Gi");
  }

  /// Kubernetes keeps a pod that was evicted, beside the one in its place.
  private static void replaceEvictedOperators(Lab lab) {
    lab.kubectl()
        .run("-n", Deployment.NAMESPACE, "delete", "pod", "--field-selector=status.phase=Failed")
        .succeeded();
    Lab.awaitTrue("all of Bulkhead", () -> Deployment.isComplete(lab.client()));
  }

  private static Guest start(Lab lab, String name, String... spec) {
    var lines = new java.util.ArrayList<>(java.util.List.of(spec));
    lines.add(Manifests.preferably(NODE));
    lines.add("  terminationGracePeriodSeconds: " + GRACE);
    lab.apply(Manifests.tinyGuest(name, lines.toArray(String[]::new)));
    var guest = lab.awaitRunning(name);
    assertThat(guest.node()).isEqualTo(NODE);
    guest.awaitAnswer();
    return guest;
  }

  private static Kubectl.Result drain(Lab lab, String timeout) {
    return lab.kubectl()
        .run(
            "drain",
            NODE,
            "--pod-selector=" + dev.bulkhead.crds.Contract.VM_LABEL,
            "--delete-emptydir-data",
            "--timeout=" + timeout);
  }

  private static void awaitElsewhere(Lab lab, Hosts hosts, String name, String bootId) {
    lab.awaitVm(name, "on the other node", DrainE2E::runsElsewhere);
    var guest = lab.awaitRunning(name);
    assertThat(guest.bootId()).isNotEqualTo(bootId);
    assertThat(hosts.qemusOf(lab, name)).hasSize(1);
    assertThat(lab.vm(name).get().getStatus().getRestarts())
        .as("nothing has ended by itself")
        .isNull();
  }

  private static boolean runsElsewhere(VirtualMachine vm) {
    return runsOn(vm, OTHER);
  }

  private static boolean runsOn(VirtualMachine vm, String node) {
    return node.equals(vm.getStatus().getNode())
        && "True".equals(Lab.condition(vm, "Running").getStatus());
  }

  private static String budget(String name) {
    return """
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: %1$s}
    spec:
      minAvailable: 1
      selector: {matchLabels: {app: %1$s}}
    """
        .formatted(name);
  }

  private static String priority(String name, int value) {
    return """
    apiVersion: scheduling.k8s.io/v1
    kind: PriorityClass
    metadata: {name: %s}
    value: %d
    """
        .formatted(name, value);
  }

  private static String bully(long memory) {
    return """
    apiVersion: v1
    kind: Pod
    metadata: {name: bully}
    spec:
      nodeSelector: {kubernetes.io/hostname: %s}
      priorityClassName: e2e-bully
      terminationGracePeriodSeconds: 0
      containers:
      - name: c
        image: %s
        command: [sleep, "3600"]
        resources: {requests: {memory: "%d"}}
    """
        .formatted(NODE, Manifests.BUSYBOX, memory);
  }

  /// What no pod on the node has requested, in bytes.
  private static long freeMemory(KubernetesClient client) {
    var node = client.nodes().withName(NODE).get();
    var free = bytes(node.getStatus().getAllocatable().get("memory"));
    for (var pod :
        client.pods().inAnyNamespace().withField("spec.nodeName", NODE).list().getItems()) {
      free -= requested(pod);
    }
    return free;
  }

  private static long requested(Pod pod) {
    return pod.getSpec().getContainers().stream()
        .map(container -> container.getResources().getRequests())
        .filter(requests -> requests != null && requests.containsKey("memory"))
        .mapToLong(requests -> bytes(requests.get("memory")))
        .sum();
  }

  private static long bytes(Quantity quantity) {
    return quantity.getNumericalAmount().longValueExact();
  }
}
