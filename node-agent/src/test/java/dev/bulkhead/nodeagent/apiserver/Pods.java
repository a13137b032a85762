package dev.bulkhead.nodeagent.apiserver;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.VirtualMachineSpec.Firmware;
import dev.bulkhead.nodeagent.domain.Specs;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;

/// Pods as the operator makes them, for the test's namespace.
public final class Pods {
  public static final String NAMESPACE = "default";

  private Pods() {}

  /// Bound to the node, its container running, as kubelet reports it.
  public static Pod running(KubernetesClient client, String name, String node) {
    var pod =
        client
            .resource(
                new PodBuilder()
                    .withNewMetadata()
                    .withNamespace(NAMESPACE)
                    .withName(name)
                    .addToLabels(Contract.VM_LABEL, name)
                    .addToAnnotations(
                        Contract.GUEST_ANNOTATION,
                        Specs.spec(Specs.ONE_CPU, Firmware.Type.BIOS)
                            .toJson()
                            .replace("\"namespace\":\"shop\"", quoted("namespace", NAMESPACE))
                            .replace("\"name\":\"web\"", quoted("name", name)))
                    .addToAnnotations(Contract.POWER_ANNOTATION, "Running")
                    .endMetadata()
                    .withNewSpec()
                    .withNodeName(node)
                    .addNewContainer()
                    .withName(Contract.KEEPER_CONTAINER)
                    .withImage("keeper")
                    .endContainer()
                    .endSpec()
                    .build())
            .create();
    return client
        .resource(
            new PodBuilder(pod)
                .withNewStatus()
                .withPhase("Running")
                .addNewCondition()
                .withType("Ready")
                .withStatus("False")
                .endCondition()
                .addNewContainerStatus()
                .withName(Contract.KEEPER_CONTAINER)
                .withNewState()
                .withNewRunning("2026-11-23T12:00:00Z")
                .endState()
                .endContainerStatus()
                .endStatus()
                .build())
        .patchStatus();
  }

  public static void annotate(KubernetesClient client, String name, String key, String value) {
    client
        .pods()
        .inNamespace(NAMESPACE)
        .withName(name)
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"metadata\": {\"annotations\": {\"%s\": \"%s\"}}}".formatted(key, value));
  }

  private static String quoted(String key, String value) {
    return "\"%s\":\"%s\"".formatted(key, value);
  }

  public static void delete(KubernetesClient client, String name) {
    client.pods().inNamespace(NAMESPACE).withName(name).withGracePeriod(0).delete();
  }
}
