package dev.bulkhead.e2e.bench;

import static dev.bulkhead.e2e.bench.Statistics.percentile;

import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import dev.bulkhead.e2e.Manifests;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;

/// The packaged operator with many VMs on played nodes: bursts of 500 and 2,000 on top of each
/// other, then the rest of `vms` if that is more, then nothing, then a restart. A VM's time is from
/// the answer to its creation until its status says Running, scheduler and nodes being as fast as
/// they can be.
record BurstBench(int vms) {
  private static final int NODES = 400;
  private static final String NAMESPACE = "burst";
  private static final List<Integer> BURSTS = List.of(500, 2000);

  /// One before them shows that the operator works.
  private static final int AFTER_BURSTS = 1 + BURSTS.stream().mapToInt(Integer::intValue).sum();

  private static final Duration STEADY = Duration.ofSeconds(60);
  private static final double AIM_IDLE_PERCENT = 2;
  private static final int CHANGED_WHILE_AWAY = 100;

  /// As users' tools create: a few at once.
  private static final int CREATORS = 4;

  void run(Report report) {
    try (var cluster = new BareCluster();
        var nodes = new PlayedNodes(cluster.admin(), NODES)) {
      cluster.createNamespace(NAMESPACE);
      var phases = new Phases(cluster.admin());
      var operator = OperatorContainer.start(cluster, "bulkhead-bench-operator-1");
      try (operator) {
        awaitWorking(cluster.admin(), phases);
        bursts(report, cluster.admin(), phases, operator);
        steady(report, operator);
      }
      restart(report, cluster, nodes, phases);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int all() {
    return Math.max(vms, AFTER_BURSTS);
  }

  private static void awaitWorking(KubernetesClient client, Phases phases) {
    create(client, "first");
    phases.await("first", Phase.Running);
  }

  private void bursts(Report report, KubernetesClient client, Phases phases, Container operator) {
    var rows = new ArrayList<Map<String, Double>>();
    rows.add(row(1, operator));
    var total = 1;
    var sizes = new ArrayList<>(BURSTS);
    if (vms > AFTER_BURSTS) {
      sizes.add(vms - AFTER_BURSTS);
    }
    for (int size : sizes) {
      var names = IntStream.range(total, total + size).mapToObj(i -> "vm-" + i).toList();
      total += size;
      var cpu = operator.cpuSeconds();
      var times = burst(client, phases, names);
      var name = "burst" + size;
      report.figure(name + "_status_p50_s", percentile(times, 50), "s", "created → status Running");
      report.figure(name + "_status_p95_s", percentile(times, 95), "s", "created → status Running");
      report.figure(
          name + "_operator_cpu_s",
          operator.cpuSeconds() - cpu,
          "s",
          "CPU time of the operator in it");
      report.figure(
          name + "_operator_rss_mib",
          operator.rssMib(),
          "MiB",
          "RSS after it, %d VMs in all".formatted(total));
      report.samples(name, times);
      rows.add(row(total, operator));
    }
    var vms = column(rows, "vms");
    report.figure(
        "operator_rss_kib_per_vm",
        1024 * Statistics.slope(vms, column(rows, "rss")),
        "KiB",
        "slope over 1-%d VMs".formatted(total));
    report.figure(
        "operator_cpu_ms_per_vm",
        1000 * Statistics.slope(vms, column(rows, "cpu")),
        "ms",
        "slope over 1-%d VMs".formatted(total));
    report.samples("operator_by_vms", rows);
  }

  private static Map<String, Double> row(int vms, Container operator) {
    var row = new LinkedHashMap<String, Double>();
    row.put("vms", (double) vms);
    row.put("rss", operator.rssMib());
    row.put("cpu", operator.cpuSeconds());
    return row;
  }

  private static List<Double> column(List<Map<String, Double>> rows, String name) {
    return rows.stream().map(row -> row.get(name)).toList();
  }

  private static List<Double> burst(KubernetesClient client, Phases phases, List<String> names) {
    var created = new ConcurrentHashMap<String, Instant>();
    try (var creators = Executors.newFixedThreadPool(CREATORS)) {
      for (var name : names) {
        creators.execute(
            () -> {
              create(client, name);
              created.put(name, Instant.now());
            });
      }
    }
    return names.stream()
        .map(name -> Duration.between(created.get(name), phases.await(name, Phase.Running)))
        .map(time -> Math.max(0, time.toMillis() / 1000.0))
        .toList();
  }

  private static void create(KubernetesClient client, String name) {
    var vm = Serialization.unmarshal(Manifests.tinyGuest(name), VirtualMachine.class);
    client.resource(vm).inNamespace(NAMESPACE).create();
  }

  private void steady(Report report, Container operator) {
    Timeline.pass(Duration.ofSeconds(15)); // what the last burst has left to do
    var cpu = operator.cpuSeconds();
    var from = Instant.now();
    Timeline.pass(STEADY);
    var seconds = Duration.between(from, Instant.now()).toMillis() / 1000.0;
    report.figure(
        "steady_operator_cpu_percent",
        100 * (operator.cpuSeconds() - cpu) / seconds,
        "%",
        AIM_IDLE_PERCENT,
        "of a core, at rest, %d VMs on %d nodes".formatted(all(), NODES));
    report.figure("steady_operator_rss_mib", operator.rssMib(), "MiB", "RSS of it then");
    report.figure(
        "steady_operator_peak_rss_mib", operator.peakRssMib(), "MiB", "the most it ever was");
  }

  private void restart(Report report, BareCluster cluster, PlayedNodes nodes, Phases phases) {
    var step = (all() - 1) / CHANGED_WHILE_AWAY;
    var changed =
        IntStream.rangeClosed(1, CHANGED_WHILE_AWAY).mapToObj(i -> "vm-" + i * step).toList();
    changed.forEach(name -> nodes.report(NAMESPACE, name, GuestReport.State.OutOfSpace));
    changed.forEach(phases::forget);
    create(cluster.admin(), "made-while-away");
    var from = Instant.now();
    try (var operator = OperatorContainer.start(cluster, "bulkhead-bench-operator-2")) {
      var last = changed.stream().map(phases::awaitChange).max(Instant::compareTo).orElseThrow();
      var made = phases.await("made-while-away", Phase.Running);
      var right = last.isAfter(made) ? last : made;
      report.figure(
          "restart_right_again_s",
          Duration.between(from, right).toMillis() / 1000.0,
          "s",
          "start of the process → %d changes and a new VM are in status".formatted(changed.size()));
      report.figure("restart_operator_rss_mib", operator.rssMib(), "MiB", "RSS after it");
    }
  }

  /// When each VM's status first said what.
  private static final class Phases {
    private final Map<String, Instant> seen = new ConcurrentHashMap<>();
    private final Map<String, Instant> changes = new ConcurrentHashMap<>();

    Phases(KubernetesClient client) {
      client
          .resources(VirtualMachine.class)
          .inNamespace(NAMESPACE)
          .inform(new Timeline.Handler<>(this::changed));
    }

    Instant await(String name, Phase phase) {
      return found(name + " " + phase, () -> seen.get(name + " " + phase));
    }

    void forget(String name) {
      changes.remove(name);
    }

    Instant awaitChange(String name) {
      return found("a new status of " + name, () -> changes.get(name));
    }

    private static Instant found(String what, java.util.function.Supplier<Instant> value) {
      return Awaitility.await(what)
          .atMost(Duration.ofMinutes(5))
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(20))
          .until(value::get, instant -> instant != null);
    }

    private void changed(VirtualMachine vm) {
      if (vm.getStatus() != null && vm.getStatus().getPhase() != null) {
        var name = vm.getMetadata().getName();
        changes.put(name, Instant.now());
        seen.putIfAbsent(name + " " + vm.getStatus().getPhase(), Instant.now());
      }
    }
  }
}
