package dev.bulkhead.operator.virtualmachine;

import static java.net.HttpURLConnection.HTTP_CONFLICT;
import static org.awaitility.Awaitility.await;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineStatus;
import dev.bulkhead.operator.apiserver.ApiServer;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.javaoperatorsdk.operator.Operator;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.assertj.core.api.Condition;

/// One namespace of a real API server, with an operator at work in it.
final class Cluster implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

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
  final PlayedNode node = new PlayedNode(admin, namespace);
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

  /// A pod that no VM has anything to do with, not created yet.
  Pod foreignPod(String name) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace(namespace)
        .endMetadata()
        .withNewSpec()
        .addNewContainer()
        .withName("c")
        .withImage("other:1")
        .endContainer()
        .endSpec()
        .build();
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
            new LaunchSettings("keeper:test", 10),
            new SoleReplica(),
            operatorClient,
            InstantSource.system()),
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

  /// From nothing to a running guest.
  Pod boot(String name) {
    var pod = awaitPod(name, p -> !leaving(p) && p.getSpec().getNodeName() == null);
    node.schedule(pod);
    node.boot(pod);
    return pod(name);
  }

  /// From nothing to a guest that the node agent could not start.
  Pod failToStart(String name, String why) {
    var pod = awaitPod(name, p -> !leaving(p) && p.getSpec().getNodeName() == null);
    node.schedule(pod);
    node.ends(pod, Contract.EXIT_START_FAILED, why);
    return pod;
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

  /// As often as it takes: operator and test write to the same objects.
  static void untilNoConflict(Supplier<?> write) {
    await("a write without conflict")
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .ignoreExceptionsMatching(
            e -> e instanceof KubernetesClientException k && k.getCode() == HTTP_CONFLICT)
        .until(() -> write.get() != null);
  }

  @Override
  public void close() {
    if (operator != null) {
      stopOperator();
    }
    admin.close();
  }
}
