package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// A thief who has the agent's real token can do no more than the agent of that one node.
@ExtendWith(OnCluster.class)
class AgentTokenE2E {
  private static Kubectl thief;

  @BeforeAll
  static void guestsOnBothNodesAndATokenOfOne(Lab lab, Hosts hosts) {
    lab.apply(
        Manifests.tinyGuest("mine", Manifests.onNode("worker-1")),
        Manifests.tinyGuest("other", Manifests.onNode("worker-2")));
    lab.awaitRunning("mine");
    lab.awaitRunning("other");
    var token = hosts.on("worker-1").agentToken();
    thief = lab.kubectl().as(token);
  }

  @Test
  void tokenIsTheRealOneAndWorksOnItsOwnNode() {
    assertAllowed("get", "pods");
    assertAllowed(report("mine"));
    assertAllowed("label", "node", "worker-1", "bulkhead.dev/accelerator=tcg", "--overwrite");
  }

  @Test
  void cannotReportOnAPodOfAnotherNode() {
    assertRefused("worker-2", report("other"));
  }

  @Test
  void cannotWriteAnythingButItsReportOnItsOwnPods() {
    assertRefused(
        "bulkhead.dev/report",
        patch("pod", "mine", "status", annotation("bulkhead.dev/guest", "{}")));
    assertRefused(
        "bulkhead.dev/report",
        patch("pod", "mine", "status", annotation("bulkhead.dev/power", "Paused")));
    assertRefused("", patch("pod", "mine", "status", "{\"status\":{\"phase\":\"Failed\"}}"));
    assertRefused(
        "", patch("pod", "mine", "status", "{\"metadata\":{\"labels\":{\"app\":\"hijacked\"}}}"));
    assertRefused("forbidden", patch("pod", "mine", null, annotation("bulkhead.dev/report", "{}")));
    assertRefused("forbidden", "delete", "pod", "mine");
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
    assertRefused("", "cordon", "worker-1");
  }

  @Test
  void cannotReadSecretsRunPodsOrBecomeSomeoneElse() {
    assertRefused("forbidden", "get", "secrets", "-A");
    assertRefused("forbidden", "run", "x", "--image=" + Manifests.BUSYBOX);
    assertRefused("forbidden", "exec", "client-1", "--", "true");
    assertRefused("forbidden", "get", "pods", "--as=system:admin");
    assertRefused("forbidden", "create", "token", "default");
  }

  private static String[] report(String pod) {
    return patch("pod", pod, "status", annotation("bulkhead.dev/report", "{}"));
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
