package dev.bulkhead.e2e.bed;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// The cluster that tests and demos run on: a bed of containers on this machine or, where
/// E2E_KUBECONFIG names one, a cluster of one's own, which has no machines to look into.
///
/// A bed outlives the JVM that started it. It is taken as it is if all of it runs and was made from
/// the same definition, and replaced otherwise.
public final class Bed {
  /// Both workers were Ready within 10 s wherever this was measured; a machine at full load takes
  /// longer.
  private static final Duration READY_WITHIN = Duration.ofMinutes(2);

  /// An emulated one was Ready within 45 s, its disk filled included.
  private static final Duration MACHINE_READY_WITHIN = Duration.ofMinutes(5);

  private final Path kubeconfig;
  private final List<Node> machines;

  private Bed(Path kubeconfig, List<Node> machines) {
    this.kubeconfig = kubeconfig;
    this.machines = machines;
  }

  /// The cluster, started if need be, both workers Ready, and every image archive in
  /// `$BULKHEAD_CACHE/images` imported as it is now.
  public static Bed up() {
    return ownCluster().orElseGet(() -> exclusively(Bed::upHere));
  }

  /// The cluster if it runs; nothing is started.
  public static Optional<Bed> running() {
    return ownCluster().or(Bed::runningHere);
  }

  /// Removes the bed's containers, their volumes, its network and its state. It never touches a
  /// cluster of one's own.
  public static void down() {
    exclusively(
        () -> {
          var layout = Layout.ofEnvironment();
          BedContainers.remove(layout, new Docker(layout.kind()));
          return null;
        });
  }

  public Path kubeconfig() {
    return kubeconfig;
  }

  /// A new client with a cluster administrator's rights. The caller closes it.
  public KubernetesClient client() {
    var config = Config.fromKubeconfig(kubeconfig.toFile());
    config.setRequestRetryBackoffLimit(0);
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  /// The worker machines; none in a cluster of one's own.
  public List<Node> workers() {
    return machines.stream().filter(Node::isWorker).toList();
  }

  /// A worker, or `cp`, whose /var/log/k8s/audit.log has every write to the API.
  public Node machine(String name) {
    return machines.stream()
        .filter(machine -> machine.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException("this cluster has no machine " + name + " to enter"));
  }

  List<Node> machines() {
    return machines;
  }

  private static Optional<Bed> ownCluster() {
    return Optional.ofNullable(System.getenv("E2E_KUBECONFIG"))
        .map(kubeconfig -> new Bed(Path.of(kubeconfig), List.of()));
  }

  private static Optional<Bed> runningHere() {
    var layout = Layout.ofEnvironment();
    var containers = new BedContainers(layout, new Docker(layout.kind()));
    return containers.areUp()
        ? Optional.of(new Bed(layout.kubeconfig(), containers.nodes()))
        : Optional.empty();
  }

  private static Bed upHere() {
    var layout = Layout.ofEnvironment();
    var containers = new BedContainers(layout, new Docker(layout.kind()));
    var progress = new Progress(System.out);
    if (containers.areUp()) {
      progress.say("is up already");
    } else {
      progress.step("started 1 control plane and 2 workers", containers::start);
    }
    var bed = new Bed(layout.kubeconfig(), containers.nodes());
    bed.awaitReady(progress);
    var loader = new ImageLoader(layout.images(), progress);
    bed.workers().stream()
        .filter(worker -> worker.isVirtual() && loader.isDue(worker))
        .forEach(worker -> restart(worker, progress));
    loader.load(bed.workers());
    return bed;
  }

  /// A machine takes new images in as it starts, far faster than while it runs.
  private static void restart(Node machine, Progress progress) {
    machine.crash();
    machine.boot();
    progress.await(
        machine.name() + " started again, with new images",
        MACHINE_READY_WITHIN,
        () -> machine.exec("ctr", "version").status() == 0,
        "Look at /var/log/k8s in its container");
  }

  private void awaitReady(Progress progress) {
    try (var client = client()) {
      progress.await(
          "all workers Ready",
          machines.stream().anyMatch(Node::isVirtual) ? MACHINE_READY_WITHIN : READY_WITHIN,
          () -> allReady(client),
          "Look at /var/log/k8s in the containers, which `docker ps` shows");
    }
  }

  private boolean allReady(KubernetesClient client) {
    try {
      var ready = client.nodes().list().getItems().stream().filter(Readiness::isNodeReady).count();
      return ready == workers().size();
    } catch (KubernetesClientException e) {
      return false; // the API server does not answer yet
    }
  }

  /// Two builds on one machine share the bed: one of them starts it, the other waits and finds it.
  private static <T> T exclusively(Supplier<T> action) {
    var layout = Layout.ofEnvironment();
    Layout.createDirectories(layout.cache());
    try (var file =
            FileChannel.open(
                layout.cache().resolve(layout.kind().state() + ".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        var _ = file.lock()) {
      return action.get();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
