package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.File;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// A thief who has the agent's real token can do no more than the agent of that one node.
@ExtendWith(OnCluster.class)
class AgentTokenE2E {
  private static final String REPORT = annotation("bulkhead.dev/report", "{}");

  private static Kubectl thief;
  private static KubernetesClient thiefsClient;

  @BeforeAll
  static void guestsOnBothNodesAndATokenOfOne(Lab lab, Hosts hosts) {
    lab.apply(
        Manifests.tinyGuest("mine", Manifests.onNode("worker-1")),
        Manifests.tinyGuest("other", Manifests.onNode("worker-2")));
    lab.awaitRunning("mine");
    lab.awaitRunning("other");
    var token = hosts.on("worker-1").agentToken();
    thief = lab.kubectl().as(token);
    thiefsClient =
        new KubernetesClientBuilder()
            .withConfig(Config.fromKubeconfig(new File(thief.kubeconfig())))
            .build();
  }

  @AfterAll
  static void close() {
    thiefsClient.close();
  }

  @Test
  void tokenIsTheRealOneAndWorksOnItsOwnNode() {
    assertAllowed("get", "pods");
    patchStatus("mine", REPORT);
    assertAllowed("label", "node", "worker-1", "bulkhead.dev/accelerator=tcg", "--overwrite");
  }

  @Test
  void cannotReportOnAPodOfAnotherNode() {
    assertStatusPatchRefused("worker-2", "other", REPORT);
  }

  @Test
  void cannotWriteAnythingButItsReportOnItsOwnPods() {
    assertStatusPatchRefused("denied", "mine", annotation("bulkhead.dev/guest", "{}"));
    assertStatusPatchRefused("denied", "mine", annotation("bulkhead.dev/power", "Paused"));
    assertStatusPatchRefused("denied", "mine", annotation("hijacked", "yes"));
    assertStatusPatchRefused("denied", "mine", "{\"metadata\":{\"labels\":{\"app\":\"x\"}}}");
    assertStatusPatchRefused("denied", "mine", "{\"status\":{\"phase\":\"Failed\"}}");
    assertRefused("forbidden", patch("pod", "mine", null, REPORT));
    assertRefused("forbidden", "delete", "pod", "mine");
  }

  @Test
  void cannotReportOnAPodThatIsNoVirtualMachine() {
    assertStatusPatchRefused("VirtualMachines only", "client-1", REPORT);
  }

  @Test
  void cannotTouchAnyVirtualMachine() {
    var spec = "{\"spec\":{\"power\":\"Stopped\"}}";
    assertRefused("forbidden", patch("vm", "mine", null, spec));
    assertRefused("forbidden", patch("vm", "other", null, spec));
    assertRefused(
        "forbidden", patch("vm", "mine", "status", "{\"status\":{\"phase\":\"Failed\"}}"));
    assertRefused("forbidden", "delete", "vm", "mine");
  }

  @Test
  void cannotTouchAnotherNodeNorMoreThanItsOwnMarksOnItsOwn() {
    assertRefused(
        "worker-2", "label", "node", "worker-2", "bulkhead.dev/accelerator=kvm", "--overwrite");
    assertRefused("bulkhead.dev", "label", "node", "worker-1", "zone=hijacked");
    assertRefused("", "taint", "node", "worker-1", "hijacked=yes:NoSchedule");
    assertRefused("", patch("node", "worker-1", null, "{\"spec\":{\"unschedulable\":true}}"));
  }

  @Test
  void cannotReadSecretsRunPodsOrBecomeSomeoneElse() {
    assertRefused("forbidden", "get", "secrets", "-A");
    assertRefused("forbidden", "run", "x", "--image=" + Manifests.BUSYBOX);
    assertRefused("forbidden", "exec", "client-1", "--", "true");
    assertRefused("forbidden", "get", "pods", "--as=system:admin");
    assertRefused("forbidden", "create", "token", "default");
  }

  /// Not by kubectl, which reads before it patches: the agent may not even read a pod's status
  /// on its own.
  private static void patchStatus(String pod, String patch) {
    thiefsClient
        .pods()
        .inNamespace(thief.namespace())
        .withName(pod)
        .subresource("status")
        .patch(PatchContext.of(PatchType.JSON_MERGE), patch);
  }

  private static void assertStatusPatchRefused(String because, String pod, String patch) {
    assertThatThrownBy(() -> patchStatus(pod, patch))
        .as(patch)
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining("403")
        .hasMessageContaining(because);
  }

  private static String annotation(String key, String value) {
    return "{\"metadata\":{\"annotations\":{\"%s\":\"%s\"}}}".formatted(key, value);
  }

  private static String[] patch(String kind, String name, String subresource, String patch) {
    return subresource == null
        ? new String[] {"patch", kind, name, "--type=merge", "-p", patch}
        : new String[] {
          "patch", kind, name, "--subresource=" + subresource, "--type=merge", "-p", patch
        };
  }

  private static void assertAllowed(String... command) {
    thief.run(command).succeeded();
  }

  private static void assertRefused(String because, String... command) {
    var result = thief.run(command);
    assertThat(result.exitCode()).as(String.join(" ", command)).isNotZero();
    assertThat(result.err())
        .as(String.join(" ", command))
        .containsAnyOf("forbidden", "Forbidden", "denied")
        .contains(because);
  }
}
