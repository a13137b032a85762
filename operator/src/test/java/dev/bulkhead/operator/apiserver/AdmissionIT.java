package dev.bulkhead.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bulkhead.crds.Contract;
import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.function.UnaryOperator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What the chart's admission policies let node agents and users write.
class AdmissionIT {
  private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);

  /// Keeps the other conditions of a list.
  private static final PatchContext STRATEGIC = PatchContext.of(PatchType.STRATEGIC_MERGE);

  private static final String REPORT =
      "{\"metadata\":{\"annotations\":{\"bulkhead.dev/report\":\"{}\"}}}";

  private static KubernetesClient admin;
  private static KubernetesClient agent;
  private static String namespace;

  @BeforeAll
  static void twoNodesWithAVmPodEach() {
    admin = ApiServer.get().admin();
    agent = ApiServer.get().asNodeAgentOf("node-a");
    namespace = ApiServer.get().newNamespace();
    try (var operator = ApiServer.get().as(ApiServer.OPERATOR)) {
      for (var node : new String[] {"node-a", "node-b"}) {
        admin
            .resource(new NodeBuilder().withNewMetadata().withName(node).endMetadata().build())
            .create();
        operator.resource(pod("vm-on-" + node).build()).create();
        bind("vm-on-" + node, node);
      }
    }
    admin.resource(container("plain").build()).create();
    bind("plain", "node-a");
  }

  @AfterAll
  static void disconnect() {
    agent.close();
    admin.close();
  }

  @Test
  void anAgentReportsOnThePodsOfItsNode() {
    assertAllowed(() -> patchStatus(agent, "vm-on-node-a", REPORT));
    assertAllowed(
        () -> patchStatus(agent, "vm-on-node-a", condition(Contract.GUEST_RUNNING_CONDITION)));
  }

  @Test
  void anAgentMayNotReportOnAPodOfAnotherNode() {
    assertRefused(
        () -> patchStatus(agent, "vm-on-node-b", REPORT),
        "the node agent of node-a may not write to a pod of node-b");
  }

  @Test
  void anAgentWhoseTokenNamesNoNodeMayWriteNothing() {
    try (var nobody = ApiServer.get().as(ApiServer.NODE_AGENT)) {
      assertRefused(() -> patchStatus(nobody, "vm-on-node-a", REPORT), "may not write to a pod");
    }
  }

  @Test
  void anAgentMayNotTouchPodsThatAreNoVms() {
    assertRefused(() -> patchStatus(agent, "plain", REPORT), "pods of VirtualMachines only");
  }

  @Test
  void anAgentWritesNothingElseOfAPod() {
    for (var patch :
        new String[] {
          "{\"metadata\":{\"annotations\":{\"bulkhead.dev/guest\":\"{}\"}}}",
          "{\"metadata\":{\"annotations\":{\"bulkhead.dev/power\":\"Paused\"}}}",
          "{\"metadata\":{\"annotations\":{\"bulkhead.dev/guest\":null}}}",
          "{\"metadata\":{\"annotations\":{\"other\":\"x\"}}}",
          "{\"metadata\":{\"labels\":{\"app\":\"hijacked\"}}}",
          "{\"metadata\":{\"finalizers\":[\"a/b\"]}}",
          "{\"status\":{\"phase\":\"Failed\"}}",
          "{\"status\":{\"podIP\":\"10.0.0.1\",\"podIPs\":[{\"ip\":\"10.0.0.1\"}]}}",
          condition("Ready"),
        }) {
      assertRefused(() -> patchStatus(agent, "vm-on-node-a", patch), "a node agent may write");
    }
  }

  @Test
  void anAgentMarksItsOwnNode() {
    assertAllowed(
        () ->
            agent
                .nodes()
                .withName("node-a")
                .patch(
                    MERGE, "{\"metadata\":{\"labels\":{\"bulkhead.dev/accelerator\":\"kvm\"}}}"));
    assertAllowed(
        () ->
            agent
                .nodes()
                .withName("node-a")
                .subresource("status")
                .patch(STRATEGIC, condition(Contract.EMULATION_CONDITION)));
  }

  @Test
  void anAgentMarksNoOtherNode() {
    assertRefused(
        () ->
            agent
                .nodes()
                .withName("node-b")
                .patch(MERGE, "{\"metadata\":{\"labels\":{\"bulkhead.dev/accelerator\":\"kvm\"}}}"),
        "the node agent of node-a may not write to node node-b");
  }

  @Test
  void anAgentWritesNothingElseOfItsNode() {
    for (var patch :
        new String[] {
          "{\"metadata\":{\"labels\":{\"zone\":\"x\"}}}",
          "{\"metadata\":{\"annotations\":{\"a\":\"b\"}}}",
          "{\"spec\":{\"unschedulable\":true}}",
          "{\"spec\":{\"taints\":[{\"key\":\"a\",\"effect\":\"NoExecute\"}]}}",
        }) {
      assertRefused(() -> agent.nodes().withName("node-a").patch(MERGE, patch), "bulkhead.dev/");
    }
    for (var patch :
        new String[] {condition("Ready"), "{\"status\":{\"capacity\":{\"cpu\":\"1000\"}}}"}) {
      assertRefused(
          () -> agent.nodes().withName("node-a").subresource("status").patch(STRATEGIC, patch),
          "bulkhead.dev/Emulation");
    }
  }

  @Test
  void anAgentWritesTheHardwareOfItsOwnNode() {
    assertAllowed(() -> agent.resource(slice("of-a", "node-a")).create());
    assertAllowed(() -> patchSlice("of-a", "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}"));
    assertAllowed(() -> agent.resource(slice("of-a", "node-a")).delete());
  }

  @Test
  void anAgentWritesNoHardwareOfAnotherNode() {
    var refused = "may write ResourceSlices of bulkhead.dev for its own node only";
    assertRefused(() -> agent.resource(slice("forged", "node-b")).create(), refused);
    admin.resource(slice("of-b", "node-b")).create();
    assertRefused(
        () -> patchSlice("of-b", "{\"spec\":{\"pool\":{\"resourceSliceCount\":2}}}"), refused);
    assertRefused(() -> patchSlice("of-b", "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}"), refused);
    assertRefused(() -> agent.resource(slice("of-b", "node-b")).delete(), refused);
    assertThatThrownBy(
            () ->
                patchSlice(
                    "of-b", "{\"spec\":{\"nodeName\":\"node-a\",\"pool\":{\"name\":\"node-a\"}}}"))
        .as("a slice that is made the agent's own")
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining("field is immutable");
    assertThat(admin.resource(slice("of-b", "node-b")).get()).isNotNull();
  }

  private static void patchSlice(String name, String patch) {
    agent.resources(ResourceSlice.class).withName(name).patch(MERGE, patch);
  }

  private static ResourceSlice slice(String name, String node) {
    return new ResourceSliceBuilder()
        .withNewMetadata()
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .withDriver("bulkhead.dev")
        .withNodeName(node)
        .withNewPool()
        .withName(node)
        .withGeneration(1L)
        .withResourceSliceCount(1L)
        .endPool()
        .endSpec()
        .build();
  }

  @Test
  void nobodyButTheOperatorMakesAPodThatTheAgentWouldObey() {
    assertMayNotMake(pod -> pod.editMetadata().addToLabels(Contract.VM_LABEL, "x").endMetadata());
    assertMayNotMake(
        pod -> pod.editMetadata().addToLabels(Contract.DEVICE_OF_LABEL, "x").endMetadata());
    assertMayNotMake(
        pod -> pod.editMetadata().addToAnnotations(Contract.GUEST_ANNOTATION, "{}").endMetadata());
  }

  private static void assertMayNotMake(UnaryOperator<PodBuilder> forge) {
    var forged = forge.apply(container("forged")).build();
    assertRefused(() -> admin.resource(forged).create(), "create a VirtualMachine instead");
  }

  @Test
  void nobodyButTheOperatorChangesTheOrdersOfAPod() {
    for (var patch :
        new String[] {
          "{\"metadata\":{\"annotations\":{\"bulkhead.dev/guest\":\"{}\"}}}",
          "{\"metadata\":{\"annotations\":{\"bulkhead.dev/power\":\"Paused\"}}}",
          "{\"metadata\":{\"annotations\":{\"bulkhead.dev/detached\":\"disk\"}}}",
          "{\"metadata\":{\"labels\":{\"bulkhead.dev/vm\":null}}}",
          "{\"metadata\":{\"labels\":{\"bulkhead.dev/device-of\":\"x\"}}}",
        }) {
      assertRefused(() -> patch("vm-on-node-a", patch), "change the VirtualMachine instead");
    }
    assertRefused(
        () -> patch("plain", "{\"metadata\":{\"labels\":{\"bulkhead.dev/vm\":\"x\"}}}"),
        "change the VirtualMachine instead");
    assertRefused(
        () -> patch("vm-on-node-a", REPORT.replace("{}", "forged")), "read the guest's state");
  }

  @Test
  void usersStillLabelAndDeletePodsOfVms() {
    assertAllowed(() -> patch("vm-on-node-b", "{\"metadata\":{\"labels\":{\"team\":\"x\"}}}"));
    assertAllowed(
        () -> admin.pods().inNamespace(namespace).withName("vm-on-node-b").dryRun().delete());
  }

  private static void patch(String pod, String patch) {
    admin.pods().inNamespace(namespace).withName(pod).patch(MERGE, patch);
  }

  private static void patchStatus(KubernetesClient client, String pod, String patch) {
    client
        .pods()
        .inNamespace(namespace)
        .withName(pod)
        .subresource("status")
        .patch(STRATEGIC, patch);
  }

  private static String condition(String type) {
    return "{\"status\":{\"conditions\":[{\"type\":\"%s\",\"status\":\"True\"}]}}".formatted(type);
  }

  private static PodBuilder pod(String name) {
    return container(name)
        .editMetadata()
        .addToLabels(Contract.VM_LABEL, name)
        .addToAnnotations(Contract.GUEST_ANNOTATION, "{\"format\":1}")
        .addToAnnotations(Contract.POWER_ANNOTATION, "Running")
        .endMetadata();
  }

  private static PodBuilder container(String name) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace(namespace)
        .endMetadata()
        .withNewSpec()
        .addNewContainer()
        .withName("c")
        .withImage("c:1")
        .endContainer()
        .endSpec();
  }

  private static void bind(String pod, String node) {
    admin.raw(
        "/api/v1/namespaces/" + namespace + "/pods/" + pod + "/binding",
        "POST",
        new BindingBuilder()
            .withNewMetadata()
            .withName(pod)
            .withNamespace(namespace)
            .endMetadata()
            .withNewTarget()
            .withApiVersion("v1")
            .withKind("Node")
            .withName(node)
            .endTarget()
            .build());
  }

  private static void assertAllowed(ThrowingCallable write) {
    assertThatCode(write).doesNotThrowAnyException();
  }

  private static void assertRefused(ThrowingCallable write, String message) {
    assertThatThrownBy(write)
        .isInstanceOfSatisfying(
            KubernetesClientException.class, e -> assertThat(e.getCode()).isEqualTo(403))
        .hasMessageContaining(message);
  }
}
