package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/// A node dies, or only seems to. Guests of one that surely is gone start elsewhere; those of one
/// that only seems so do not, and the VM says what it waits for and what an administrator can do.
///
/// With `-Dnodes=all` (`make nodes`) also what takes minutes.
@Isolated("kills nodes")
@ExtendWith(OnCluster.class)
class NodeLossE2E {
  private static final String NODE = "worker-1";

  /// The bed's control plane waits 20 s for a node; then a pod's toleration runs.
  private static final Duration DECLARED_LOST = Duration.ofSeconds(60);

  /// The pod garbage collector looks every 20 s.
  private static final Duration COLLECTED = Duration.ofSeconds(90);

  /// From when kubelet says that the pod is well. When it does is its own: TCP tries a connection
  /// that was cut again after a time as long as the cut.
  private static final Duration RIGHT_AGAIN = Duration.ofSeconds(10);

  /// The agent calls the API server every 5 s, and connects within some more after a cut.
  private static final Duration GUEST_OF_A_REMOVED_POD_ENDS = Duration.ofSeconds(20);

  private static final String OUT_OF_SERVICE =
      "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute";

  private Guest stay;
  private Guest move;
  private String bootId;
  private QemuWatch watch;

  @BeforeEach
  void twoGuests(Lab lab, Hosts hosts) {
    watch = new QemuWatch(hosts);
    lab.delete("pod", "client-1");
    lab.apply(Manifests.container("client-1", "worker-2"));
    lab.kubectl().run("wait", "--for=condition=Ready", "pod/client-1").succeeded();
    lab.apply(
        Manifests.tinyGuest("stay", Manifests.onNode(NODE)),
        Manifests.tinyGuest("move", Manifests.preferably(NODE), leavesSoon()));
    stay = lab.awaitRunning("stay");
    move = lab.awaitRunning("move");
    assertThat(move.node()).isEqualTo(NODE);
    bootId = stay.bootId();
    move.awaitAnswer();
  }

  @AfterEach
  void clear(Lab lab, Hosts hosts) {
    lab.clear();
    if (watch != null) {
      watch.close();
    }
  }

  @Test
  void aCutNodeKeepsItsGuestsAndLosesThoseWhosePodsAreRemovedByForce(Lab lab, Hosts hosts) {
    endureCut(lab, hosts, Duration.ofSeconds(30));
  }

  @Test
  @EnabledIfSystemProperty(named = "nodes", matches = "all")
  void theSameAfterThreeMinutes(Lab lab, Hosts hosts) {
    endureCut(lab, hosts, Duration.ofMinutes(3));
  }

  private void endureCut(Lab lab, Hosts hosts, Duration atLeast) {
    var removed = pod(lab, "move");
    Instant back;
    try (var connection = EchoConnection.open(lab, "client-2", stay.ip(), 7)) {
      var since = Instant.now();
      try (var _ = new Cut(hosts.on(NODE))) {
        awaitSaidToBeLost(lab, "stay");
        awaitLeaving(lab, "move");
        awaitSaidToBeLost(lab, "move");
        connection.awaitEcho();
        Awaitility.await("the cut to have lasted")
            .atMost(atLeast.plusSeconds(30))
            .until(() -> Instant.now().isAfter(since.plus(atLeast)));
        assertThat(pod(lab, "move").getMetadata().getUid())
            .as("the pod is still the one on the node that only seems gone")
            .isEqualTo(removed.getMetadata().getUid());
        connection.awaitEcho();
        watch.assertNeverTwoOfOneVm();

        // From here on two are on purpose: who removes a pod by force says that its node is off.
        lab.client().resource(removed).withGracePeriod(0).delete();
        lab.awaitVm("move", "Running elsewhere", vm -> runsOn(vm, "worker-2"));
        assertThat(hosts.on(NODE).qemusOf(lab, "move")).hasSize(1);
      }
      back = Instant.now();
      awaitKubeletsWord(lab, "stay");
      lab.awaitCondition("stay", "Running", "True", "Running", RIGHT_AGAIN);
      Awaitility.await("the end of the guest whose pod was removed")
          .atMost(GUEST_OF_A_REMOVED_POD_ENDS)
          .until(() -> hosts.on(NODE).qemusOf(lab, "move").isEmpty());
      System.out.printf("cut: all was right %s after it%n", Duration.between(back, Instant.now()));
      connection.awaitEcho();
    }
    assertThat(stay.bootId()).isEqualTo(bootId);
    assertThat(lab.vm("stay").get().getStatus().getRestarts()).isNull();
    assertThat(hosts.qemusOf(lab, "stay")).hasSize(1);
    assertThat(hosts.qemusOf(lab, "move")).hasSize(1);
    lab.awaitRunning("move").awaitAnswer();
  }

  private static void awaitKubeletsWord(Lab lab, String vm) {
    Lab.awaitTrue(
        "kubelet to say that pod " + vm + " is ready",
        () ->
            pod(lab, vm).getStatus().getConditions().stream()
                .anyMatch(
                    condition ->
                        "Ready".equals(condition.getType())
                            && "True".equals(condition.getStatus())));
  }

  @Test
  @EnabledIfSystemProperty(named = "nodes", matches = "all")
  void guestsOfANodeThatRebootsAtOnceStartAnew(Lab lab, Hosts hosts) {
    endureReboot(lab, hosts, Duration.ofSeconds(5));
  }

  @Test
  @EnabledIfSystemProperty(named = "nodes", matches = "all")
  void guestsOfANodeThatIsOffForAMinuteStartAnew(Lab lab, Hosts hosts) {
    endureReboot(lab, hosts, Duration.ofSeconds(60));
  }

  private void endureReboot(Lab lab, Hosts hosts, Duration off) {
    var node = hosts.on(NODE).machine();
    node.crash();
    pass(off);
    node.boot();
    awaitNodeWorks(lab, hosts);
    watch.lookAt(hosts.on(NODE));
    var again = lab.awaitRunning("stay", Duration.ofMinutes(2));
    again.awaitAnswer();
    assertThat(again.bootId()).isNotEqualTo(bootId);
    assertThat(hosts.qemusOf(lab, "stay")).hasSize(1);
    var restarts = lab.vm("stay").get().getStatus().getRestarts();
    System.out.printf(
        "reboot: %s: %s%n", restarts.getLastExitReason(), restarts.getLastExitMessage());
    assertThat(restarts.getCount()).isEqualTo(1);
    assertThat(restarts.getLastExitMessage()).contains("restarted");
    lab.awaitRunning("move", Duration.ofMinutes(2)).awaitAnswer();
    assertThat(hosts.qemusOf(lab, "move")).hasSize(1);
    watch.assertNeverTwoOfOneVm();
  }

  @Test
  @EnabledIfSystemProperty(named = "nodes", matches = "all")
  void guestsOfANodeThatIsOffStartElsewhereOnceItIsSaidToBeOutOfService(Lab lab, Hosts hosts) {
    try {
      hosts.on(NODE).machine().crash();
      awaitSaidToBeLost(lab, "move");
      lab.kubectl().run("taint", "nodes", NODE, OUT_OF_SERVICE).succeeded();
      lab.awaitVm("move", "Running elsewhere", COLLECTED, vm -> runsOn(vm, "worker-2"));
      lab.awaitRunning("move").awaitAnswer();
      lab.awaitCondition("stay", "Running", "False", "Unschedulable", COLLECTED);
    } finally {
      hosts.on(NODE).machine().boot();
      lab.kubectl().run("taint", "nodes", NODE, OUT_OF_SERVICE + "-");
    }
    awaitNodeWorks(lab, hosts);
    watch.lookAt(hosts.on(NODE));
    lab.awaitRunning("stay").awaitAnswer();
    assertThat(hosts.qemusOf(lab, "move")).hasSize(1);
    assertThat(hosts.qemusOf(lab, "stay")).hasSize(1);
    watch.assertNeverTwoOfOneVm();
  }

  /// Kubelet makes its Node anew when it comes back.
  @Test
  @EnabledIfSystemProperty(named = "nodes", matches = "all")
  void guestsOfANodeThatIsOffStartElsewhereOnceItIsDeleted(Lab lab, Hosts hosts) {
    try {
      hosts.on(NODE).machine().crash();
      awaitSaidToBeLost(lab, "move");
      lab.kubectl().run("delete", "node", NODE).succeeded();
      lab.awaitVm("move", "Running elsewhere", COLLECTED, vm -> runsOn(vm, "worker-2"));
      lab.awaitRunning("move").awaitAnswer();
    } finally {
      hosts.on(NODE).machine().boot();
    }
    awaitNodeWorks(lab, hosts);
    watch.lookAt(hosts.on(NODE));
    lab.awaitRunning("stay").awaitAnswer();
    assertThat(hosts.qemusOf(lab, "move")).hasSize(1);
    assertThat(hosts.qemusOf(lab, "stay")).hasSize(1);
    watch.assertNeverTwoOfOneVm();
  }

  private static void awaitSaidToBeLost(Lab lab, String name) {
    var vm = lab.awaitCondition(name, "Running", "Unknown", "NodeNotResponding", DECLARED_LOST);
    assertThat(Lab.condition(vm, "Running").getMessage())
        .contains("node worker-1 does not respond", "not started elsewhere")
        .contains("kubectl taint nodes worker-1 " + OUT_OF_SERVICE, "kubectl delete node worker-1");
    Lab.awaitTrue(
        "an event that says so",
        () -> lab.eventsOf(name).stream().anyMatch(e -> "NodeNotResponding".equals(e.getReason())));
  }

  private static void awaitLeaving(Lab lab, String name) {
    Awaitility.await("the taint manager to delete the pod")
        .atMost(DECLARED_LOST)
        .until(() -> pod(lab, name).getMetadata().getDeletionTimestamp() != null);
  }

  private static void awaitNodeWorks(Lab lab, Hosts hosts) {
    var since = Instant.now();
    Awaitility.await("the node, its agent and a leading operator")
        .atMost(Duration.ofMinutes(3))
        .ignoreExceptions()
        .until(() -> Deployment.isComplete(lab.client()) && isReady(lab));
    new Recovery(lab, hosts).await(since);
  }

  private static boolean isReady(Lab lab) {
    return lab.client().nodes().withName(NODE).get().getStatus().getConditions().stream()
        .anyMatch(c -> c.getType().equals("Ready") && c.getStatus().equals("True"));
  }

  private static boolean runsOn(dev.bulkhead.crds.VirtualMachine vm, String node) {
    return node.equals(vm.getStatus().getNode())
        && "True".equals(Lab.condition(vm, "Running").getStatus());
  }

  private static Pod pod(Lab lab, String name) {
    return lab.client().pods().inNamespace(lab.namespace()).withName(name).get();
  }

  /// The time that the machine is off is what is tested.
  private static void pass(Duration time) {
    Awaitility.await().pollDelay(time).timeout(time.plusSeconds(60)).until(() -> true);
  }

  /// Kubernetes gives a pod 300 s on a node that is lost.
  private static String leavesSoon() {
    return "  tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists,"
        + " effect: NoExecute, tolerationSeconds: 2}]";
  }
}
