package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import io.fabric8.kubernetes.api.model.NodeCondition;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/// `helm uninstall`: refused while guests are there, survived when it is forced, and clean.
/// Afterwards Bulkhead is installed again. It has a stage of its own in `make test`, after all
/// tests that need Bulkhead.
@Isolated("removes Bulkhead")
@ExtendWith(OnCluster.class)
class UninstallE2E {

  @AfterEach
  void installAgain(Lab lab) {
    Helm.of(lab).takeBackUninstall();
    Helm.of(lab).install();
    lab.clear();
  }

  @Test
  void isRefusedWhileGuestsAreThere(Lab lab, Hosts hosts) {
    lab.apply(Manifests.tinyGuest("web"));
    try (var web = new Untouched(lab, hosts, "web")) {
      var helm = Helm.of(lab);
      var revision = helm.revision();
      var refused = helm.run("uninstall");

      assertThat(refused.exitCode()).isNotZero();
      assertThat(refused.all())
          .contains("these VMs are not stopped")
          .contains(lab.namespace() + "/web, on worker-")
          .contains("\"power\":\"Stopped\"")
          .contains("To keep Bulkhead instead: helm rollback bulkhead " + revision + " ");
      assertThat(Deployment.isComplete(lab.client())).isTrue();
      assertThat(Deployment.pods(lab.client())).hasSize(4 + 1); // the refused check's log stays
      web.assertUntouchedAndObeying();

      helm.rollback(revision);
      helm.install();
      web.assertUntouchedAndObeying();
    }
  }

  /// Nobody is left to look after guests; the container runtime ends QEMU with its pod.
  @Test
  void forcedItLeavesGuestsThatEndWithTheirPodsAndAreTakenOnAgain(Lab lab, Hosts hosts) {
    var helm = Helm.of(lab);
    lab.apply(
        Manifests.tinyGuest(
            "doomed", Manifests.onNode("worker-1"), "  terminationGracePeriodSeconds: 3"),
        Manifests.tinyGuest("stays", Manifests.onNode("worker-1")));
    try (var stays = new Untouched(lab, hosts, "stays")) {
      lab.awaitRunning("doomed").awaitAnswer();

      helm.run("uninstall", "--no-hooks").succeeded();
      awaitNothingOfOursRuns(hosts);
      stays.assertUntouched();
      lab.delete("vm", "doomed");
      lab.awaitNoPod("doomed");
      assertThat(hosts.qemusOf(lab, "doomed")).as("QEMUs without a pod").isEmpty();
      stays.assertUntouched();

      helm.install();
      stays.assertUntouchedAndObeying();
    }
    lab.delete("vm", "stays");
    lab.awaitNoPod("stays");
    Awaitility.await("what was left of the guests to be cleared away")
        .atMost(Duration.ofSeconds(30))
        .until(() -> hosts.on("worker-1").sh("ls /run/bulkhead/guests").isBlank());
  }

  @Test
  void leavesNothingOnTheNodesAndKeepsTheVms(Lab lab, Hosts hosts) {
    var helm = Helm.of(lab);
    lab.apply(Manifests.tinyGuest("web", Manifests.onNode("worker-1")));
    lab.awaitRunning("web").awaitAnswer();
    assertThat(hosts.on("worker-1").tracesOfBulkhead()).as("traces must be seen").isNotEmpty();
    lab.patch("web", "{\"spec\":{\"power\":\"Stopped\"}}");
    lab.awaitPhase("web", Phase.Stopped);
    lab.awaitNoPod("web");

    helm.run("uninstall").succeeded();

    hosts
        .workers()
        .forEach(
            host ->
                Awaitility.await("nothing of Bulkhead on " + host.name())
                    .atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(host.tracesOfBulkhead()).isEmpty()));
    for (var node : lab.client().nodes().list().getItems()) {
      assertThat(node.getMetadata().getLabels()).doesNotContainKey(Contract.ACCELERATOR_LABEL);
      assertThat(node.getStatus().getConditions())
          .extracting(NodeCondition::getType)
          .doesNotContain(Contract.EMULATION_CONDITION);
    }
    var cluster =
        lab.kubectl()
            .run("get", "clusterrole,clusterrolebinding,validatingadmissionpolicy", "-o", "name");
    assertThat(cluster.succeeded().out()).doesNotContain("bulkhead");
    assertThat(
            lab.client()
                .resources(VirtualMachine.class)
                .inNamespace(lab.namespace())
                .list()
                .getItems())
        .as("VMs stay, as their kind does")
        .hasSize(1);

    helm.install();
    lab.patch("web", "{\"spec\":{\"power\":\"Running\"}}");
    lab.awaitRunning("web").awaitAnswer();
  }

  private static void awaitNothingOfOursRuns(Hosts hosts) {
    hosts
        .workers()
        .forEach(
            host ->
                Awaitility.await("agent and libvirtd of " + host.name() + " to be gone")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> host.agentPids().isEmpty() && host.libvirtdPids().isEmpty()));
  }
}
