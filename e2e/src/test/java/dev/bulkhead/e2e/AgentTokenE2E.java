package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.authorization.v1.ResourceRule;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectRulesReviewBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.File;
import java.util.List;
import java.util.stream.Stream;
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
    thiefsClient = client(thief);
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
  void cannotTellOfHardwareOfAnotherNodeOrAnotherDriver() {
    assertSliceRefused("worker-2", "worker-2", "bulkhead.dev");
    assertSliceRefused("worker-1", "worker-2", "bulkhead.dev");
    assertSliceRefused("worker-1", "worker-1", "gpu.example.com");
  }

  private static void assertSliceRefused(String node, String pool, String driver) {
    var slice =
        """
        apiVersion: resource.k8s.io/v1
        kind: ResourceSlice
        metadata: {name: planted}
        spec: {driver: %s, nodeName: %s, pool: {name: %s, generation: 1, resourceSliceCount: 1}}
        """
            .formatted(driver, node, pool);
    var result = thief.runWithInput(slice, "create", "-f", "-");
    assertThat(result.exitCode()).isNotZero();
    assertThat(result.err()).contains("may write ResourceSlices of bulkhead.dev for its own node");
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
  void cannotWriteTheStatusOfAnotherNodeNorMoreThanItsConditionOfItsOwn() {
    var ready = "{\"status\":{\"phase\":\"Terminated\"}}";
    assertNodeStatusPatchRefused("worker-2", "worker-2", ready);
    assertNodeStatusPatchRefused("bulkhead.dev/Emulation and Devices only", "worker-1", ready);
  }

  @Test
  void cannotReadSecrets() {
    assertRefused("forbidden", "get", "secrets", "-A");
    assertRefused("forbidden", "get", "secret", "init");
    assertRefused("forbidden", "get", "secrets", "-n", Deployment.NAMESPACE);
    assertRefused("forbidden", "get", "configmaps", "-A");
    assertRefused("forbidden", "get", "--raw", "/api/v1/nodes/worker-1/proxy/pods");
  }

  @Test
  void cannotCreateAnything() {
    assertRefused("forbidden", "run", "x", "--image=" + Manifests.BUSYBOX);
    assertRefused("forbidden", "create", "secret", "generic", "x");
    assertRefused("forbidden", "create", "token", "default");
    assertRefused("forbidden", "create", "rolebinding", "x", "--clusterrole=admin", "--user=x");
    var vm = Manifests.tinyGuest("planted");
    var result = thief.runWithInput(vm, "create", "-f", "-");
    assertThat(result.exitCode()).isNotZero();
    assertThat(result.err()).contains("forbidden");
    assertPostRefused("pods/other/eviction", "policy/v1", "Eviction");
    assertPostRefused("pods/other/binding", "v1", "Binding");
  }

  @Test
  void cannotEnterAnyPod() {
    for (var pod : List.of("client-1", "mine", "other")) {
      assertRefused("forbidden", "exec", pod, "--", "true");
      assertRefused("forbidden", "attach", pod);
      assertRefused("forbidden", "port-forward", pod, "8080:80");
      assertRefused("forbidden", "logs", pod);
      assertRefused("forbidden", "debug", pod, "--image=" + Manifests.BUSYBOX);
    }
  }

  @Test
  void cannotBecomeSomeoneElse() {
    assertRefused("forbidden", "get", "pods", "--as=system:admin");
    assertRefused("forbidden", "get", "pods", "--as=x", "--as-group=system:masters");
    assertRefused(
        "forbidden",
        "get",
        "pods",
        "--as=system:serviceaccount:" + Deployment.NAMESPACE + ":bulkhead-operator");
  }

  /// What the attempts above have not thought of.
  @Test
  void hasNoRightButThoseAndWhatEveryServiceAccountHas(Lab lab) {
    var anybody = lab.kubectl().run("create", "token", "default").succeeded().out().strip();
    var everybodys = rights(lab, lab.kubectl().as(anybody));
    assertThat(rights(lab, thief))
        .containsAll(everybodys)
        .filteredOn(right -> !everybodys.contains(right))
        .containsExactlyInAnyOrder(
            "get pods",
            "list pods",
            "watch pods",
            "patch pods/status",
            "get nodes",
            "patch nodes",
            "patch nodes/status",
            "get resourceslices.resource.k8s.io",
            "list resourceslices.resource.k8s.io",
            "watch resourceslices.resource.k8s.io",
            "create resourceslices.resource.k8s.io",
            "patch resourceslices.resource.k8s.io",
            "delete resourceslices.resource.k8s.io",
            "get resourceclaims.resource.k8s.io");
  }

  /// As `verb resource.group`.
  private static List<String> rights(Lab lab, Kubectl whose) {
    var review =
        new SelfSubjectRulesReviewBuilder()
            .withNewSpec()
            .withNamespace(lab.namespace())
            .endSpec()
            .build();
    try (var client = client(whose)) {
      return client.resource(review).create().getStatus().getResourceRules().stream()
          .flatMap(AgentTokenE2E::rights)
          .toList();
    }
  }

  private static Stream<String> rights(ResourceRule rule) {
    return rule.getApiGroups().stream()
        .map(group -> group.isEmpty() ? "" : "." + group)
        .flatMap(
            group ->
                rule.getResources().stream()
                    .flatMap(
                        kind -> rule.getVerbs().stream().map(verb -> verb + " " + kind + group)));
  }

  private static KubernetesClient client(Kubectl kubectl) {
    return new KubernetesClientBuilder()
        .withConfig(Config.fromKubeconfig(new File(kubectl.kubeconfig())))
        .build();
  }

  private static void assertPostRefused(String path, String version, String kind) {
    var body =
        "{\"apiVersion\":\"%s\",\"kind\":\"%s\",\"metadata\":{\"name\":\"other\"},\"target\":{\"kind\":\"Node\",\"name\":\"worker-1\"}}"
            .formatted(version, kind);
    var url = "/api/v1/namespaces/" + thief.namespace() + "/" + path;
    var result = thief.runWithInput(body, "create", "--raw", url, "-f", "-");
    assertThat(result.exitCode()).as(path).isNotZero();
    assertThat(result.err()).as(path).contains("forbidden");
  }

  private static void assertNodeStatusPatchRefused(String because, String node, String patch) {
    assertThatThrownBy(
            () ->
                thiefsClient
                    .nodes()
                    .withName(node)
                    .subresource("status")
                    .patch(PatchContext.of(PatchType.JSON_MERGE), patch))
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining("403")
        .hasMessageContaining(because);
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
