package dev.bulkhead.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectRulesReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What the tokens of the operator and of a node agent are good for, whoever has them. What an
/// agent may write is narrowed further, see `AdmissionIT`.
class RightsIT {
  private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);

  /// Kubernetes gives these to every service account: to look at itself, and at certificates that
  /// are public.
  private static final List<String> EVERYBODYS =
      List.of(
          "create selfsubjectaccessreviews.authorization.k8s.io",
          "create selfsubjectrulesreviews.authorization.k8s.io",
          "create selfsubjectreviews.authentication.k8s.io",
          "get clustertrustbundles.certificates.k8s.io",
          "list clustertrustbundles.certificates.k8s.io",
          "watch clustertrustbundles.certificates.k8s.io");

  private static KubernetesClient admin;
  private static KubernetesClient operator;
  private static KubernetesClient agent;
  private static String namespace;

  @BeforeAll
  static void aVmAndANode() {
    admin = ApiServer.get().admin();
    operator = ApiServer.get().as(ApiServer.OPERATOR);
    agent = ApiServer.get().asNodeAgentOf("rights");
    namespace = ApiServer.get().newNamespace();
    admin.resource(vm()).create();
    admin.resource(node()).create();
  }

  @AfterAll
  static void disconnect() {
    agent.close();
    operator.close();
    admin.close();
  }

  @Test
  void theAgentHasTheseRightsAndNoOther() {
    assertThat(rights(agent, namespace))
        .containsExactlyInAnyOrderElementsOf(
            with(
                EVERYBODYS,
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
                "get resourceclaims.resource.k8s.io"));
    assertThat(rights(agent, ApiServer.RELEASE_NAMESPACE)).isEqualTo(rights(agent, namespace));
  }

  @Test
  void theOperatorHasTheseRightsAndNoOther() {
    var everywhere =
        with(
            EVERYBODYS,
            "list virtualmachines.bulkhead.dev",
            "watch virtualmachines.bulkhead.dev",
            "patch virtualmachines/status.bulkhead.dev",
            "get pods",
            "list pods",
            "watch pods",
            "create pods",
            "patch pods",
            "delete pods",
            "list events",
            "watch events",
            "create events",
            "get resourceclaims.resource.k8s.io",
            "list resourceclaims.resource.k8s.io",
            "get resourceclaimtemplates.resource.k8s.io",
            "list resourceslices.resource.k8s.io",
            "list nodes",
            "list resourcequotas",
            "watch resourcequotas");
    assertThat(rights(operator, namespace)).containsExactlyInAnyOrderElementsOf(everywhere);
    assertThat(rights(operator, ApiServer.RELEASE_NAMESPACE))
        .containsExactlyInAnyOrderElementsOf(
            with(
                everywhere,
                "create leases.coordination.k8s.io",
                "get leases.coordination.k8s.io: bulkhead-operator",
                "update leases.coordination.k8s.io: bulkhead-operator"));
  }

  @Test
  void theOperatorReadsNoSecret() {
    var secrets = operator.secrets().inNamespace(namespace);
    assertForbidden("list", "secrets", secrets::list);
    assertForbidden("get", "secrets", () -> secrets.withName("init").get());
    assertForbidden("list", "configmaps", operator.configMaps().inNamespace(namespace)::list);
  }

  @Test
  void theOperatorEntersNoPod() {
    for (var way : List.of("exec", "attach", "portforward", "eviction", "binding")) {
      assertForbidden("create", "pods/" + way, () -> post("pods/web/" + way));
    }
    assertForbidden(
        "get",
        "pods/log",
        () -> operator.raw("/api/v1/namespaces/" + namespace + "/pods/web/log", "GET", null));
  }

  @Test
  void theOperatorBecomesNobodyElse() {
    assertForbidden("create", "serviceaccounts/token", () -> post("serviceaccounts/default/token"));
    for (var whom : List.of("users", "groups", "serviceaccounts")) {
      var review =
          new SelfSubjectAccessReviewBuilder()
              .withNewSpec()
              .withNewResourceAttributes()
              .withVerb("impersonate")
              .withResource(whom)
              .endResourceAttributes()
              .endSpec()
              .build();
      assertThat(operator.resource(review).create().getStatus().getAllowed())
          .as("impersonate " + whom)
          .isFalse();
    }
  }

  @Test
  void theOperatorWritesNoVmButItsStatus() {
    var vm = operator.resource(vm());
    var stop = "\"spec\":{\"power\":\"Stopped\"}";
    assertForbidden("patch", "virtualmachines", () -> vm.patch(MERGE, "{" + stop + "}"));
    assertForbidden("delete", "virtualmachines", vm::delete);
    assertForbidden("create", "virtualmachines", vm::create);
    vm.subresource("status").patch(MERGE, "{" + stop + ",\"status\":{\"node\":\"told\"}}");
    var kept = admin.resource(vm()).get();
    assertThat(kept.getStatus().getNode()).isEqualTo("told");
    assertThat(kept.getSpec().getPower()).isEqualTo(Power.Running);
  }

  @Test
  void theOperatorWritesNoNode() {
    var node = operator.resource(node());
    var label = "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}";
    assertForbidden("patch", "nodes", () -> node.patch(MERGE, label));
    assertForbidden("patch", "nodes/status", () -> node.subresource("status").patch(MERGE, label));
    assertForbidden("delete", "nodes", node::delete);
  }

  private static VirtualMachine vm() {
    return Serialization.unmarshal(
        """
        apiVersion: bulkhead.dev/v1alpha1
        kind: VirtualMachine
        metadata: {name: web, namespace: %s}
        spec: {cpu: {cores: 1}, memory: {size: 64Mi}, kernel: {image: "guest:1"}}
        """
            .formatted(namespace),
        VirtualMachine.class);
  }

  private static Node node() {
    return new NodeBuilder().withNewMetadata().withName("rights").endMetadata().build();
  }

  private static String post(String path) {
    return operator.raw("/api/v1/namespaces/" + namespace + "/" + path, "POST", "{}");
  }

  /// In one namespace, with what holds in all: `verb resource.group`, and the only name if there is
  /// one.
  private static List<String> rights(KubernetesClient client, String namespace) {
    var review =
        new SelfSubjectRulesReviewBuilder()
            .withNewSpec()
            .withNamespace(namespace)
            .endSpec()
            .build();
    return client.resource(review).create().getStatus().getResourceRules().stream()
        .flatMap(
            rule ->
                rule.getApiGroups().stream()
                    .flatMap(
                        group ->
                            rule.getResources().stream()
                                .flatMap(
                                    resource ->
                                        rule.getVerbs().stream()
                                            .map(
                                                verb ->
                                                    right(
                                                        verb,
                                                        resource,
                                                        group,
                                                        rule.getResourceNames())))))
        .sorted()
        .toList();
  }

  private static String right(String verb, String resource, String group, List<String> names) {
    return verb
        + " "
        + resource
        + (group.isEmpty() ? "" : "." + group)
        + (names.isEmpty() ? "" : ": " + String.join(" ", names));
  }

  private static List<String> with(List<String> rights, String... more) {
    return Stream.concat(rights.stream(), Stream.of(more)).toList();
  }

  /// Of that very verb: a client that reads before it writes may be refused too early.
  private static void assertForbidden(String verb, String resource, ThrowingCallable attempt) {
    assertThatThrownBy(attempt)
        .as(verb + " " + resource)
        .isInstanceOfSatisfying(
            KubernetesClientException.class, e -> assertThat(e.getCode()).isEqualTo(403))
        .hasMessageContaining("cannot %s resource \"%s\"", verb, resource);
  }
}
