package dev.bulkhead.e2e.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/// What a look at a node's hardware takes, from 256 functions in sysfs to what is given away: the
/// packaged agent's code, with its runtime and its options, on files of a played machine.
final class DeviceInventoryBench {
  private static final Path FOLDER = Path.of("target", "device-inventory").toAbsolutePath();
  private static final Path AGENT = Path.of("../node-agent/target/quarkus-app").toAbsolutePath();
  private static final int RUNS = 100;

  private static final double AIM_MS = 100;

  static void run(Report report) {
    LocalProcess.run("rm", "-rf", FOLDER.toString());
    try {
      PlayedHardware.layOut(FOLDER.resolve("machine"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    LocalProcess.run(
        "javac",
        "-cp",
        classpath(AGENT.toString()),
        "-d",
        FOLDER.resolve("classes").toString(),
        "src/test/resources/DeviceInventory.java");
    report(report, milliseconds(LocalProcess.run(inImage().toArray(String[]::new))));
  }

  /// The agent as a Quarkus application is laid out.
  private static String classpath(String folder) {
    return "%1$s/app/*:%1$s/lib/boot/*:%1$s/lib/main/*".formatted(folder);
  }

  private static List<String> inImage() {
    return List.of(
        "docker",
        "run",
        "--rm",
        "-v",
        FOLDER + ":/bench:ro",
        "--entrypoint",
        "java",
        "localhost/bulkhead/node-agent:0.1.0",
        "@/opt/java.options",
        "-cp",
        "/bench/classes:" + classpath("/opt/app"),
        "DeviceInventory",
        "/bench/machine",
        Integer.toString(RUNS));
  }

  private static List<Double> milliseconds(String output) {
    var times = new ArrayList<Double>();
    for (var line : output.split("\n", -1)) {
      var fields = line.split(" ", -1);
      if (fields.length != 2 || !fields[1].equals(Integer.toString(PlayedHardware.DEVICES))) {
        throw new IllegalStateException(
            "expected %d devices of each look:%n%s".formatted(PlayedHardware.DEVICES, output));
      }
      times.add(Double.valueOf(fields[0]));
    }
    return times;
  }

  private static void report(Report report, List<Double> times) {
    report.figure(
        "device_inventory_256_ms",
        Statistics.median(times),
        "ms",
        AIM_MS,
        "%d functions in sysfs → what is given away".formatted(PlayedHardware.FUNCTIONS));
    report.figure(
        "device_inventory_256_p95_ms", Statistics.percentile(times, 95), "ms", AIM_MS, "the same");
    report.figure(
        "device_inventory_256_first_ms",
        times.getFirst(),
        "ms",
        "the first of a process, names of devices looked up");
    var samples = new LinkedHashMap<String, Object>();
    samples.put("ms", times);
    report.samples("device_inventory", samples);
  }

  private DeviceInventoryBench() {}
}
