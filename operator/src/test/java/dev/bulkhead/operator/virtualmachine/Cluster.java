package dev.bulkhead.operator.virtualmachine;

import static java.net.HttpURLConnection.HTTP_CONFLICT;
import static org.awaitility.Awaitility.await;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.GuestReport.Accelerator;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineStatus;
import dev.bulkhead.operator.apiserver.ApiServer;
import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.javaoperatorsdk.operator.Operator;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.assertj.core.api.Condition;

/// One namespace of a real API server with an operator at work, where the test plays scheduler,
/// kubelet and node agent.
final class Cluster implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String NODE = "worker-1";

  static final String VM =
      """
      apiVersion: bulkhead.dev/v1alpha1
      kind: VirtualMachine
      metadata: {name: web, labels: {tier: front}}
      spec:
        cpu: {cores: 1}
        memory: {size: 64Mi}
        kernel: {image: "example.com/guest:1"}
      """;

  final KubernetesClient admin = ApiServer.get().admin();
  final String namespace = ApiServer.get().newNamespace();
  private KubernetesClient operatorClient;
  private Operator operator;

  Cluster() {
    this(true);
  }

  private Cluster(boolean withOperator) {
    if (withOperator) {
      startOperator();
    }
  }

  /// For an operator that runs elsewhere.
  static Cluster withoutOperator() {
    return new Cluster(false);
  }

  void startOperator() {
    operatorClient = ApiServer.get().as(ApiServer.OPERATOR);
    operator =
        new Operator(
            overrider ->
                overrider
                    .withKubernetesClient(operatorClient)
                    .checkingCRDAndValidateLocalModel(false)
                    .withCloseClientOnStop(true));
    operator.register(
        new VirtualMachineReconciler(
            new LaunchSettings("keeper:test", 10), operatorClient, InstantSource.system()),
        overrider -> overrider.settingNamespace(namespace));
    operator.start();
  }

  void stopOperator() {
    operator.stop();
  }

  VirtualMachine apply(String yaml) {
    var vm = Serialization.unmarshal(yaml, VirtualMachine.class);
    vm.getMetadata().setNamespace(namespace);
    return admin.resource(vm).fieldManager("user").forceConflicts().serverSideApply();
  }

  VirtualMachine vm(String name) {
    return admin.resources(VirtualMachine.class).inNamespace(namespace).withName(name).get();
  }

  void edit(String name, Consumer<VirtualMachine> change) {
    untilNoConflict(
        () ->
            admin
                .resources(VirtualMachine.class)
                .inNamespace(namespace)
                .withName(name)
                .edit(
                    vm -> {
                      change.accept(vm);
                      return vm;
                    }));
  }

  Pod pod(String name) {
    return admin.pods().inNamespace(namespace).withName(name).get();
  }

  Pod awaitPod(String name, Predicate<Pod> condition) {
    return awaitPod(name, PATIENCE, condition);
  }

  Pod awaitPod(String name, Duration patience, Predicate<Pod> condition) {
    return await("pod " + name)
        .atMost(patience)
        .until(() -> pod(name), p -> p != null && condition.test(p));
  }

  void awaitNoPod(String name) {
    await("no pod " + name).atMost(PATIENCE).until(() -> pod(name) == null);
  }

  VirtualMachineStatus awaitStatus(String name, Predicate<VirtualMachineStatus> condition) {
    return await("status of " + name)
        .atMost(PATIENCE)
        .until(() -> vm(name).getStatus(), status -> status != null && condition.test(status));
  }

  VirtualMachineStatus awaitReason(String name, Reason reason) {
    return awaitStatus(
        name,
        status ->
            Conditions.reason(status, ConditionType.Running).filter(reason::equals).isPresent());
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

  /// Node agent and kubelet: the guest does as reported, and readiness follows.
  void reports(Pod pod, State state) {
    var running = state == State.Running ? "True" : "False";
    var report = new GuestReport(1, state, now(), Accelerator.KVM, null).toJson();
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
    ready(pod, running);
  }

  void ready(Pod pod, String ready) {
    editStatus(
        pod,
        status ->
            status
                .removeMatchingFromConditions(c -> "Ready".equals(c.getType()))
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready)
                .withLastTransitionTime(now())
                .endCondition());
  }

  /// Kubelet: everything of a deleted pod is gone.
  void gone(Pod pod) {
    admin.resource(pod).withGracePeriod(0).delete();
  }

  /// From nothing to a running guest.
  Pod boot(String name) {
    var pod = awaitPod(name, p -> !leaving(p) && p.getSpec().getNodeName() == null);
    schedule(pod);
    return boot(name, pod);
  }

  /// From a pod that has a node to a running guest.
  Pod boot(String name, Pod pod) {
    keeperRuns(pod);
    reports(pod, State.Running);
    return pod(name);
  }

  /// From nothing to a guest that the node agent could not start.
  Pod failToStart(String name, String why) {
    var pod = awaitPod(name, p -> !leaving(p) && p.getSpec().getNodeName() == null);
    schedule(pod);
    ends(pod, Contract.EXIT_START_FAILED, why);
    return pod;
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

  VirtualMachineStatus awaitRestartRequired(String name, String value) {
    return awaitStatus(
        name,
        status ->
            Conditions.find(status, ConditionType.RestartRequired)
                .filter(condition -> condition.getStatus().equals(value))
                .isPresent());
  }

  List<Event> eventsOf(String name) {
    return admin
        .v1()
        .events()
        .inNamespace(namespace)
        .withField("involvedObject.uid", vm(name).getMetadata().getUid())
        .list()
        .getItems();
  }

  static boolean leaving(Pod pod) {
    return pod.getMetadata().getDeletionTimestamp() != null;
  }

  static Condition<Pod> same(Pod pod) {
    var uid = pod.getMetadata().getUid();
    return new Condition<>(other -> uid.equals(other.getMetadata().getUid()), "pod %s", uid);
  }

  private void editStatus(Pod pod, UnaryOperator<PodStatusBuilder> change) {
    untilNoConflict(
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

  /// As often as it takes: operator and test write to the same objects.
  private static void untilNoConflict(Supplier<?> write) {
    await("a write without conflict")
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .ignoreExceptionsMatching(
            e -> e instanceof KubernetesClientException k && k.getCode() == HTTP_CONFLICT)
        .until(() -> write.get() != null);
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

  @Override
  public void close() {
    if (operator != null) {
      stopOperator();
    }
    admin.close();
  }
}
