package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineStatus;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/// One namespace of the cluster under test, and the verbs that tests share: apply as a user does
/// (kubectl), look as a program does (client), wait on conditions, never on time.
///
/// A container pod per worker (`client-1`, `client-2`) stands ready to call guests.
public final class Lab implements AutoCloseable {
  /// A tiny guest answers 5 s after apply on an idle 2-core machine under TCG; ten times that is
  /// still a failure worth hearing about.
  static final Duration PATIENCE = Duration.ofSeconds(90);

  private final KubernetesClient client;
  private final String namespace;
  private final Kubectl kubectl;

  Lab(KubernetesClient client, String namespace, String kubeconfig) {
    this.client = client;
    this.namespace = namespace;
    this.kubectl = new Kubectl(kubeconfig, namespace);
  }

  public KubernetesClient client() {
    return client;
  }

  public String namespace() {
    return namespace;
  }

  Kubectl kubectl() {
    return kubectl;
  }

  /// The names of the cluster's two first nodes; the same one twice where there is only one.
  public String firstNode() {
    return nodes().getFirst();
  }

  String secondNode() {
    return nodes().get(Math.min(1, nodes().size() - 1));
  }

  private List<String> nodes() {
    return client.nodes().list().getItems().stream()
        .filter(node -> !Boolean.TRUE.equals(node.getSpec().getUnschedulable()))
        .map(node -> node.getMetadata().getName())
        .sorted()
        .toList();
  }

  /// Applies documents as `kubectl apply -f -` does; fails with the server's words when refused.
  public void apply(String... documents) {
    kubectl.runWithInput(Manifests.documents(documents), "apply", "-f", "-").succeeded();
  }

  public Resource<VirtualMachine> vm(String name) {
    return client.resources(VirtualMachine.class).inNamespace(namespace).withName(name);
  }

  public void patch(String vm, String mergePatch) {
    kubectl.run("patch", "vm", vm, "--type=merge", "-p", mergePatch).succeeded();
  }

  public void delete(String... kindsAndNames) {
    var args = new java.util.ArrayList<>(List.of("delete", "--ignore-not-found", "--wait=true"));
    args.addAll(Arrays.asList(kindsAndNames));
    kubectl.run(args.toArray(String[]::new)).succeeded();
  }

  VirtualMachine awaitVm(String name, String what, Predicate<VirtualMachine> predicate) {
    return awaitVm(name, what, PATIENCE, predicate);
  }

  VirtualMachine awaitVm(
      String name, String what, Duration within, Predicate<VirtualMachine> predicate) {
    try {
      return vm(name)
          .waitUntilCondition(
              vm -> vm != null && vm.getStatus() != null && predicate.test(vm),
              within.toMillis(),
              java.util.concurrent.TimeUnit.MILLISECONDS);
    } catch (io.fabric8.kubernetes.client.KubernetesClientTimeoutException e) {
      throw new AssertionError(
          "VirtualMachine %s did not become '%s' within %s; its status:%n%s"
              .formatted(name, what, within, describe(name)),
          e);
    }
  }

  public VirtualMachine awaitPhase(String name, VirtualMachineStatus.Phase phase) {
    return awaitVm(name, "phase " + phase, vm -> vm.getStatus().getPhase() == phase);
  }

  public Guest awaitRunning(String name) {
    return awaitRunning(name, PATIENCE);
  }

  public Guest awaitRunning(String name, Duration within) {
    var vm =
        awaitVm(
            name,
            "Running and Ready",
            within,
            v ->
                v.getStatus().getPhase() == VirtualMachineStatus.Phase.Running
                    && "True".equals(condition(v, "Ready").getStatus()));
    return new Guest(this, name, vm.getStatus().getGuest().getIp(), vm.getStatus().getNode());
  }

  /// Whether its status tells, of the spec as it is now, that it runs and is ready.
  static boolean runsAsSpecified(VirtualMachine vm) {
    return vm.getStatus().getPhase() == VirtualMachineStatus.Phase.Running
        && vm.getMetadata().getGeneration().equals(vm.getStatus().getObservedGeneration())
        && "True".equals(condition(vm, "Running").getStatus())
        && "True".equals(condition(vm, "Ready").getStatus());
  }

  /// A condition of that type, or an empty one, so that predicates need no null checks.
  public static Condition condition(VirtualMachine vm, String type) {
    var status = vm.getStatus();
    if (status == null || status.getConditions() == null) {
      return new Condition();
    }
    return status.getConditions().stream()
        .filter(c -> type.equals(c.getType()))
        .findFirst()
        .orElseGet(Condition::new);
  }

  VirtualMachine awaitCondition(
      String vm, String type, String status, String reason, Duration within) {
    return awaitVm(
        vm,
        type + "=" + status + " because of " + reason,
        within,
        v -> {
          var c = condition(v, type);
          return status.equals(c.getStatus()) && reason.equals(c.getReason());
        });
  }

  List<Event> eventsOf(String vm) {
    return client
        .v1()
        .events()
        .inNamespace(namespace)
        .withField("involvedObject.name", vm)
        .withField("involvedObject.kind", "VirtualMachine")
        .list()
        .getItems();
  }

  /// What `command` prints in the only container of that pod.
  public Kubectl.Result exec(String pod, String... command) {
    var args = new java.util.ArrayList<>(List.of("exec", pod, "--"));
    args.addAll(Arrays.asList(command));
    return kubectl.run(args.toArray(String[]::new));
  }

  /// An HTTP GET from inside the cluster, by that pod; empty when there is no answer in 5 s.
  java.util.Optional<String> get(String fromPod, String url) {
    var result = exec(fromPod, "timeout", "5", "wget", "-q", "-O", "-", url);
    return result.exitCode() == 0
        ? java.util.Optional.of(result.out().strip())
        : java.util.Optional.empty();
  }

  public String awaitGet(String fromPod, String url) {
    return await("an answer from " + url + " to " + fromPod)
        .until(() -> get(fromPod, url), java.util.Optional::isPresent)
        .orElseThrow();
  }

  public void awaitNoPod(String name) {
    awaitTrue(
        "pod " + name + " to be gone",
        () -> client.pods().inNamespace(namespace).withName(name).get() == null);
  }

  /// The container of the VM's pod, which runs whether its guest does or not.
  void awaitKeeper(String vm) {
    await("the keeper of " + vm)
        .until(
            () -> client.pods().inNamespace(namespace).withName(vm).get(),
            pod ->
                pod != null
                    && pod.getStatus().getContainerStatuses().stream()
                        .anyMatch(container -> container.getState().getRunning() != null));
  }

  public static ConditionFactory await(String what) {
    return Awaitility.await(what).atMost(PATIENCE).pollInterval(Duration.ofMillis(300));
  }

  public static void awaitTrue(String what, Callable<Boolean> check) {
    await(what).until(check);
  }

  String describe(String vm) {
    return kubectl.run("get", "vm,pod", vm, "-o", "yaml", "--ignore-not-found").out();
  }

  /// Removes what a test made, so that the next finds an empty namespace; VMs end by their own way.
  public void clear() {
    kubectl
        .run("delete", "vm,svc,resourcequota,secret,configmap", "--all", "--wait=true")
        .succeeded();
    await("all VM pods of " + namespace + " to be gone")
        .until(
            () ->
                client
                    .pods()
                    .inNamespace(namespace)
                    .withLabel(dev.bulkhead.crds.Contract.VM_LABEL)
                    .list()
                    .getItems(),
            List::isEmpty);
  }

  @Override
  public void close() {
    var result = kubectl.run("delete", "namespace", namespace, "--wait=false");
    assertThat(result.exitCode()).as(result.err()).isZero();
  }
}
