package dev.bulkhead.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.e2e.Hosts;
import dev.bulkhead.e2e.Lab;
import dev.bulkhead.e2e.OnCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// `make bench`: every measure, or those that -Donly names, separated by commas.
@ExtendWith(OnCluster.class)
class BenchE2E {
  private static final Path JSON = Path.of("../target/bench.json");

  /// What the file has at least, if all was measured.
  private static final List<String> PROMISED =
      List.of(
          "start_ratio_p50",
          "start_ratio_p95",
          "overhead_mib_per_vm",
          "api_writes_per_start",
          "burst500_status_p95_s",
          "burst2000_status_p95_s",
          "operator_rss_mib",
          "agent_rss_mib",
          "control_plane_rss_mib",
          "guest_disk_ratio",
          "guest_net_ratio",
          "device_inventory_256_ms",
          "device_slice_update_s");

  @Test
  void figures(Lab lab, Hosts hosts) throws IOException {
    var measures = measures(lab, hosts);
    var only = System.getProperty("only", "");
    var chosen = only.isEmpty() ? measures.keySet() : Set.copyOf(List.of(only.split(",", -1)));
    if (!measures.keySet().containsAll(chosen)) {
      throw new IllegalArgumentException(
          "unknown measure in '%s'; there are: %s".formatted(only, measures.keySet()));
    }
    var report = new Report(machine(lab));
    var failed = new LinkedHashMap<String, Throwable>();
    for (var measure : measures.entrySet()) {
      if (chosen.contains(measure.getKey())) {
        measure(lab, report, measure.getKey(), measure.getValue(), failed);
        write(report, only);
      }
    }
    System.out.println(report.table());
    if (only.isEmpty() && failed.isEmpty()) {
      assertThat(report.names()).as("figures").containsAll(PROMISED);
    }
    if (!failed.isEmpty()) {
      var all = new AssertionError("not measured: " + failed.keySet());
      failed.values().forEach(all::addSuppressed);
      throw all;
    }
  }

  /// By the name that -Donly knows them by, in the order in which they run: what looks at an idle
  /// installation comes before what burdens it.
  private static Map<String, Consumer<Report>> measures(Lab lab, Hosts hosts) {
    var rounds = Integer.getInteger("rounds", 20);
    var measures = new LinkedHashMap<String, Consumer<Report>>();
    measures.put("control-plane", report -> new ControlPlaneBench(lab, hosts).run(report));
    measures.put("start", report -> new StartBench(lab, hosts, rounds).run(report));
    measures.put("writes", report -> new WritesBench(lab, hosts).run(report));
    measures.put("guest", report -> new GuestBench(lab, hosts).run(report));
    measures.put("memory", report -> new MemoryBench(lab, hosts).run(report));
    measures.put("request", report -> new RequestBench(lab, hosts).run(report));
    measures.put("devices", report -> devices(lab, hosts, report));
    measures.put("burst", report -> new BurstBench(Integer.getInteger("vms", 0)).run(report));
    if ("passthrough".equals(System.getenv("BULKHEAD_BED"))) {
      measures.put("passthrough", report -> new PassthroughBench(lab, hosts).run(report));
    }
    measures.put("agent", report -> new AgentBench(1000).run(report));
    return measures;
  }

  private static void devices(Lab lab, Hosts hosts, Report report) {
    DeviceInventoryBench.run(report);
    new DeviceEventBench(lab, hosts).run(report);
  }

  /// One that fails takes nothing from the others.
  private static void measure(
      Lab lab,
      Report report,
      String name,
      Consumer<Report> measure,
      Map<String, Throwable> failed) {
    System.out.printf("%s measuring: %s%n", LocalTime.now(ZoneOffset.UTC), name);
    try {
      measure.accept(report);
    } catch (RuntimeException | AssertionError e) {
      e.printStackTrace();
      failed.put(name, e);
    } finally {
      lab.clear();
    }
  }

  /// After each measure, lest a broken-off run has measured for nothing. Some measures alone leave
  /// the figures of a full run as they are.
  private static void write(Report report, String only) {
    if (only.isEmpty()) {
      report.write(JSON);
    } else {
      report.writeInto(JSON, only);
    }
  }

  private static Map<String, String> machine(Lab lab) throws IOException {
    var node = lab.client().nodes().withName(lab.firstNode()).get();
    var machine = new LinkedHashMap<String, String>();
    machine.put("processor", firstMatch(Path.of("/proc/cpuinfo"), "model name\\s*: (.*)"));
    machine.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
    machine.put("memory", firstMatch(Path.of("/proc/meminfo"), "MemTotal: *(.*)"));
    machine.put("kernel", System.getProperty("os.version"));
    machine.put("kubernetes", node.getStatus().getNodeInfo().getKubeletVersion());
    machine.put("container runtime", node.getStatus().getNodeInfo().getContainerRuntimeVersion());
    machine.put("guests run with", node.getMetadata().getLabels().get("bulkhead.dev/accelerator"));
    machine.put("load average before", Files.readString(Path.of("/proc/loadavg")).strip());
    machine.put("time", Instant.now().toString());
    return machine;
  }

  private static String firstMatch(Path file, String regex) throws IOException {
    return Files.readAllLines(file).stream()
        .filter(line -> line.matches(regex))
        .map(line -> line.replaceAll(regex, "$1"))
        .findFirst()
        .orElse("unknown");
  }
}
