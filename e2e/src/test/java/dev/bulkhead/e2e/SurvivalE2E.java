package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Guests do not notice when our own processes die.
@ExtendWith(OnCluster.class)
class SurvivalE2E {
  private static final Duration RIGHT_AGAIN = Duration.ofSeconds(10);

  private Guest guest;
  private String bootId;
  private EchoConnection connection;

  @BeforeEach
  void guestWithAnOpenConnection(Lab lab) {
    lab.apply(Manifests.tinyGuest("rock"));
    guest = lab.awaitRunning("rock");
    bootId = guest.bootId();
    connection = EchoConnection.open(lab, "client-2", guest.ip(), 7);
    connection.awaitEcho();
  }

  @AfterEach
  void clear(Lab lab) {
    if (connection != null) {
      connection.close();
      connection = null;
    }
    lab.clear();
  }

  @Test
  void guestOutlivesItsNodeAgent(Lab lab, Hosts hosts) {
    var node = hosts.on(guest.node());
    var old = node.agentPid();
    node.kill(old);
    awaitAnother("agent", node::agentPids, old);
    assertUntouchedAndObeying(lab, hosts);
  }

  @Test
  void guestOutlivesLibvirtd(Lab lab, Hosts hosts) {
    var node = hosts.on(guest.node());
    var old = node.libvirtdPid();
    node.kill(old);
    awaitAnother("libvirtd", node::libvirtdPids, old);
    assertUntouchedAndObeying(lab, hosts);
  }

  /// QEMU is not in its pod's cgroup yet, and must not keep the runtime from removing libvirtd's
  /// container.
  @Test
  void libvirtdComesBackWhenItDiesWhileItStartsAGuest(Lab lab, Hosts hosts) {
    var node = hosts.on(guest.node());
    var old = node.libvirtdPid();
    var killer = node.killOnceThereIsAQemuOf(lab, "other", old);
    lab.apply(Manifests.tinyGuest("other", Manifests.onNode(guest.node())));
    killer.join();
    awaitAnother("libvirtd", node::libvirtdPids, old);
    lab.awaitRunning("other").awaitAnswer();
    assertThat(hosts.qemusOf(lab, "other")).hasSize(1);
    assertUntouchedAndObeying(lab, hosts);
  }

  /// It leaves its container's cgroup, by which alone the runtime kills.
  @Test
  void libvirtdThatHangsIsEndedWithItsPod(Lab lab, Hosts hosts) {
    var hung = Component.LIBVIRTD.find(lab, hosts, guest.node());
    hung.freeze();
    replaceAgentPod(lab);
    awaitAnother("libvirtd", hung.host()::libvirtdPids, hung.pid());
    assertUntouchedAndObeying(lab, hosts);
  }

  /// As containerd does when it is killed while it starts the container.
  @Test
  void libvirtdTakesOverFromOneThatItsContainerRuntimeHasLost(Lab lab, Hosts hosts) {
    var node = hosts.on(guest.node());
    var old = node.libvirtdPid();
    var lost = node.standInForALostLibvirtd();
    node.kill(old);
    Lab.await("a libvirtd that is neither " + old + " nor " + lost)
        .until(
            node::libvirtdPids,
            found -> found.size() == 1 && found.getFirst() != old && found.getFirst() != lost);
    assertUntouchedAndObeying(lab, hosts);
  }

  @Test
  void guestOutlivesTheWholeAgentPod(Lab lab, Hosts hosts) {
    replaceAgentPod(lab);
    assertUntouchedAndObeying(lab, hosts);
  }

  @Test
  void guestOutlivesTheOperator(Lab lab, Hosts hosts) {
    Deployment.operatorPods(lab.client())
        .forEach(pod -> lab.client().resource(pod).withGracePeriod(0).delete());
    assertUntouchedAndObeying(lab, hosts);
  }

  private void replaceAgentPod(Lab lab) {
    var pod = Deployment.agentPod(lab.client(), guest.node());
    lab.client().resource(pod).withGracePeriod(5).delete();
    Lab.awaitTrue(
        "another agent pod, ready",
        () -> Deployment.readyAgentPodOtherThan(lab.client(), guest.node(), pod));
  }

  private static void awaitAnother(String what, Callable<List<Long>> pids, long old) {
    Lab.await("another " + what).until(pids, found -> found.size() == 1 && found.getFirst() != old);
  }

  /// Still the same boot, the same connection and one QEMU; and a wish made now is carried out, so
  /// the new process is not only alive but in charge.
  private void assertUntouchedAndObeying(Lab lab, Hosts hosts) {
    connection.awaitEcho();
    assertThat(guest.bootId()).isEqualTo(bootId);
    assertThat(hosts.qemusOf(lab, "rock")).hasSize(1);
    lab.awaitVm(
        "rock",
        "Running again in its status",
        RIGHT_AGAIN,
        vm -> vm.getStatus().getPhase() == Phase.Running);
    lab.patch("rock", "{\"spec\":{\"power\":\"Paused\"}}");
    lab.awaitPhase("rock", Phase.Paused);
    lab.patch("rock", "{\"spec\":{\"power\":\"Running\"}}");
    lab.awaitRunning("rock");
    connection.awaitEcho();
    assertThat(guest.bootId()).isEqualTo(bootId);
  }
}
