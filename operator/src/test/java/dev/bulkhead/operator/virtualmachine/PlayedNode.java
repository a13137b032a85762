package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.GuestReport.Accelerator;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.operator.apiserver.ApiServer;
import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.UnaryOperator;

/// Scheduler, kubelet and node agent of one node, played by the test: each method writes to the API
/// what that component would.
final class PlayedNode {
  private static final String NODE = "worker-1";

  private final KubernetesClient admin;
  private final String namespace;

  PlayedNode(KubernetesClient admin, String namespace) {
    this.admin = admin;
    this.namespace = namespace;
  }

  void schedule(Pod pod) {
    var binding =
        new BindingBuilder()
            .withNewMetadata()
            .withName(pod.getMetadata().getName())
            .withNamespace(namespace)
            .endMetadata()
            .withNewTarget()
            .withApiVersion("v1")
            .withKind("Node")
            .withName(NODE)
            .endTarget()
            .build();
    admin.raw(
        "/api/v1/namespaces/" + namespace + "/pods/" + pod.getMetadata().getName() + "/binding",
        "POST",
        binding);
  }

  void unschedulable(Pod pod, String message) {
    editStatus(
        pod,
        status ->
            status
                .addNewCondition()
                .withType("PodScheduled")
                .withStatus("False")
                .withReason("Unschedulable")
                .withMessage(message)
                .endCondition());
  }

  /// Kubelet: the keeper runs.
  void keeperRuns(Pod pod) {
    editStatus(
        pod,
        status ->
            status
                .withPhase("Running")
                .withPodIP("10.244.1.7")
                .addNewPodIP("10.244.1.7")
                .withContainerStatuses(
                    keeper()
                        .withState(new ContainerStateBuilder().withNewRunning(now()).build())
                        .build()));
  }

  void keeperWaits(Pod pod, String reason, String message) {
    editStatus(
        pod,
        status ->
            status.withContainerStatuses(
                keeper()
                    .withState(new ContainerStateBuilder().withNewWaiting(message, reason).build())
                    .build()));
  }

  /// Kubelet: all of the pod has ended.
  void ends(Pod pod, int exitCode, String message) {
    editStatus(
        pod,
        status ->
            status
                .withPhase(exitCode == 0 ? "Succeeded" : "Failed")
                .withContainerStatuses(
                    keeper()
                        .withState(
                            new ContainerStateBuilder()
                                .withNewTerminated()
                                .withExitCode(exitCode)
                                .withMessage(message)
                                .withReason(exitCode == 0 ? "Completed" : "Error")
                                .withFinishedAt(now())
                                .endTerminated()
                                .build())
                        .build()));
  }

  void evicted(Pod pod, String message) {
    editStatus(
        pod,
        status ->
            status
                .withPhase("Failed")
                .withReason("Evicted")
                .withMessage(message)
                .withContainerStatuses());
  }

  /// Node agent and kubelet: the guest does as reported, and readiness follows.
  void reports(Pod pod, State state, GuestReport.Device... devices) {
    var running = state == State.Running ? "True" : "False";
    var report =
        new GuestReport(
                1,
                state,
                pod.getMetadata().getCreationTimestamp(),
                Accelerator.KVM,
                null,
                List.of(devices))
            .toJson();
    var apply =
        new PodBuilder()
            .withNewMetadata()
            .withName(pod.getMetadata().getName())
            .withNamespace(namespace)
            .addToAnnotations(Contract.REPORT_ANNOTATION, report)
            .endMetadata()
            .withNewStatus()
            .addNewCondition()
            .withType(Contract.GUEST_RUNNING_CONDITION)
            .withStatus(running)
            .withLastTransitionTime(now())
            .endCondition()
            .endStatus()
            .build();
    try (var agent = ApiServer.get().asNodeAgentOf(NODE)) {
      agent
          .resource(apply)
          .subresource("status")
          .patch(
              new PatchContext.Builder()
                  .withPatchType(PatchType.SERVER_SIDE_APPLY)
                  .withFieldManager(Contract.AGENT_FIELD_MANAGER)
                  .build());
    }
    ready(pod, running, running.equals("True") ? null : "ReadinessGatesNotReady");
  }

  /// Node lifecycle controller: the node is not heard of any more.
  void fallsSilent(Pod pod) {
    ready(pod, "False", null);
  }

  /// Kubelet.
  void ready(Pod pod) {
    ready(pod, "True", null);
  }

  private void ready(Pod pod, String ready, String reason) {
    editStatus(
        pod,
        status ->
            status
                .removeMatchingFromConditions(c -> "Ready".equals(c.getType()))
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready)
                .withReason(reason)
                .withLastTransitionTime(now())
                .endCondition());
  }

  /// Kubelet: everything of a deleted pod is gone.
  void gone(Pod pod) {
    admin.resource(pod).withGracePeriod(0).delete();
  }

  /// From a pod that has a node to a running guest.
  void boot(Pod pod) {
    keeperRuns(pod);
    reports(pod, State.Running);
  }

  private void editStatus(Pod pod, UnaryOperator<PodStatusBuilder> change) {
    Cluster.untilNoConflict(
        () ->
            admin
                .pods()
                .inNamespace(namespace)
                .withName(pod.getMetadata().getName())
                .editStatus(
                    current ->
                        new PodBuilder(current)
                            .withStatus(
                                change.apply(new PodStatusBuilder(current.getStatus())).build())
                            .build()));
  }

  private static ContainerStatusBuilder keeper() {
    return new ContainerStatusBuilder()
        .withName(Contract.KEEPER_CONTAINER)
        .withImage("keeper:test")
        .withImageID("keeper")
        .withReady(true)
        .withRestartCount(0);
  }

  private static String now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
