package dev.bulkhead.e2e.bench;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Quantity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The operator's image with the memory limit that the chart gives it, run by this machine's Docker
/// against a bare cluster.
final class OperatorContainer implements AutoCloseable {
  private static final String IMAGE = "localhost/bulkhead/operator:0.1.0";

  /// Of /proc/PID/stat: USER_HZ, the same on every Linux that runs Java.
  private static final double TICKS_PER_SECOND = 100;

  private final String name;
  private final long pid;

  OperatorContainer(BareCluster cluster, String name) {
    this.name = name;
    var command =
        new ArrayList<>(
            List.of("docker", "run", "-d", "--name", name, "--network", "host", "--memory"));
    command.add(Long.toString(memoryLimit(cluster.chartObject("Deployment", "-operator"))));
    cluster
        .environmentAs("bulkhead-operator")
        .forEach((key, value) -> command.addAll(List.of("-e", key + "=" + value)));
    command.addAll(
        List.of("-e", "POD_NAME=" + name, "-e", "POD_NAMESPACE=" + BareCluster.RELEASE_NAMESPACE));
    command.addAll(List.of("-e", "QUARKUS_MANAGEMENT_PORT=0", IMAGE));
    LocalProcess.run(command.toArray(String[]::new));
    pid = Long.parseLong(LocalProcess.run("docker", "inspect", "-f", "{{.State.Pid}}", name));
  }

  private static long memoryLimit(GenericKubernetesResource deployment) {
    String limit =
        deployment.get(
            "spec", "template", "spec", "containers", 0, "resources", "limits", "memory");
    return Quantity.getAmountInBytes(new Quantity(limit)).longValueExact();
  }

  double rssMib() {
    return kib("VmRSS:") / 1024.0;
  }

  /// The most that it ever was, in MiB.
  double peakRssMib() {
    return kib("VmHWM:") / 1024.0;
  }

  private long kib(String field) {
    return read("status")
        .lines()
        .filter(line -> line.startsWith(field))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("the operator is gone:\n" + logs()));
  }

  /// User and system time so far.
  double cpuSeconds() {
    var stat = read("stat");
    var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
  }

  private String read(String file) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(pid), file));
    } catch (IOException e) {
      throw new UncheckedIOException("the operator is gone:\n" + logs(), e);
    }
  }

  private String logs() {
    return LocalProcess.run("docker", "logs", "--tail", "20", name);
  }

  /// As kubelet does: SIGTERM, then SIGKILL after 30 s.
  void stop() {
    LocalProcess.run("docker", "stop", "-t", "30", name);
    LocalProcess.run("docker", "rm", name);
  }

  @Override
  public void close() {
    LocalProcess.run("docker", "rm", "-f", name);
  }
}
