package dev.bulkhead.e2e.bench;

import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import dev.bulkhead.e2e.Lab;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.awaitility.Awaitility;

/// When each pod and VM of a namespace was first seen to be what, by watches.
final class Timeline implements AutoCloseable {
  private final Map<String, Instant> marks = new ConcurrentHashMap<>();
  private final Map<String, String> addresses = new ConcurrentHashMap<>();
  private final SharedIndexInformer<Pod> pods;
  private final SharedIndexInformer<VirtualMachine> vms;

  Timeline(Lab lab) {
    pods = lab.client().pods().inNamespace(lab.namespace()).inform(new Handler<>(this::pod));
    vms =
        lab.client()
            .resources(VirtualMachine.class)
            .inNamespace(lab.namespace())
            .inform(new Handler<>(this::vm));
  }

  private void pod(Pod pod) {
    var name = pod.getMetadata().getName();
    mark(name, "pod made");
    if (pod.getSpec().getNodeName() != null) {
      mark(name, "pod bound");
    }
    if (pod.getStatus().getPodIP() != null) {
      addresses.put(name, pod.getStatus().getPodIP());
    }
    var containers = pod.getStatus().getContainerStatuses();
    if (containers != null
        && containers.stream().anyMatch(c -> c.getState().getRunning() != null)) {
      mark(name, "container runs");
    }
  }

  private void vm(VirtualMachine vm) {
    if (vm.getStatus() != null && vm.getStatus().getPhase() == Phase.Running) {
      mark(vm.getMetadata().getName(), "status Running");
    }
  }

  private void mark(String name, String what) {
    marks.putIfAbsent(name + " " + what, Instant.now());
  }

  Instant await(String name, String what) {
    return await(name + ": " + what, () -> marks.get(name + " " + what));
  }

  Instant await(String name, String what, Duration within) {
    return await(name + ": " + what, within, () -> marks.get(name + " " + what));
  }

  String awaitAddress(String name) {
    return await("the address of " + name, () -> addresses.get(name));
  }

  static <T> T await(String what, Supplier<T> value) {
    return await(what, Duration.ofSeconds(90), value);
  }

  static <T> T await(String what, Duration within, Supplier<T> value) {
    return Awaitility.await(what)
        .atMost(within)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(10))
        .until(value::get, found -> found != null);
  }

  @Override
  public void close() {
    pods.close();
    vms.close();
  }

  /// A time that is the measure itself.
  static void pass(Duration time) {
    Awaitility.await().pollDelay(time).timeout(time.plusSeconds(10)).until(() -> true);
  }

  /// Shows each object as it comes and as it changes.
  record Handler<T>(Consumer<T> seen) implements ResourceEventHandler<T> {
    @Override
    public void onAdd(T object) {
      seen.accept(object);
    }

    @Override
    public void onUpdate(T old, T object) {
      seen.accept(object);
    }

    @Override
    public void onDelete(T object, boolean unknown) {}
  }
}
