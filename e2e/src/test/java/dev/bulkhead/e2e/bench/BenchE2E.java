package dev.bulkhead.e2e.bench;

import dev.bulkhead.e2e.Hosts;
import dev.bulkhead.e2e.Lab;
import dev.bulkhead.e2e.OnCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// `make bench`: every measure, or those that -Donly names, separated by commas.
@ExtendWith(OnCluster.class)
class BenchE2E {
  private static final Path JSON = Path.of("../target/bench.json");

  @Test
  void measures(Lab lab, Hosts hosts) throws IOException {
    var measures = new LinkedHashMap<String, java.util.function.Consumer<Report>>();
    measures.put(
        "start",
        report -> new StartBench(lab, hosts, Integer.getInteger("rounds", 20)).run(report));
    var only = System.getProperty("only", "");
    var chosen = only.isEmpty() ? measures.keySet() : Set.copyOf(List.of(only.split(",", -1)));
    if (!measures.keySet().containsAll(chosen)) {
      throw new IllegalArgumentException(
          "unknown measure in '%s'; there are: %s".formatted(only, measures.keySet()));
    }
    var report = new Report(machine(lab));
    for (var measure : measures.entrySet()) {
      if (chosen.contains(measure.getKey())) {
        System.out.println("measuring: " + measure.getKey());
        try {
          measure.getValue().accept(report);
        } finally {
          report.write(JSON);
          lab.clear();
        }
      }
    }
    System.out.println(report.table());
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
    machine.put("time", java.time.Instant.now().toString());
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
