package dev.bulkhead.e2e.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A container of this machine's Docker with one process of interest, its first. It goes with this.
final class Container implements AutoCloseable {
  /// Of /proc/PID/stat: USER_HZ, the same on every Linux that runs Java.
  private static final double TICKS_PER_SECOND = 100;

  private final String name;
  private final long pid;

  /// One that a broken-off run has left is replaced.
  ///
  /// @param options of `docker run`, then the image, then its arguments
  Container(String name, List<String> options) {
    this.name = name;
    LocalProcess.run("sh", "-c", "docker rm -f " + name + " >/dev/null 2>&1 || true");
    var command = new ArrayList<>(List.of("docker", "run", "-d", "--name", name));
    command.addAll(options);
    LocalProcess.run(command.toArray(String[]::new));
    pid = Long.parseLong(LocalProcess.run("docker", "inspect", "-f", "{{.State.Pid}}", name));
  }

  String name() {
    return name;
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
        .orElseThrow(() -> new IllegalStateException(name + " is gone:\n" + logs()));
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
      throw new UncheckedIOException(name + " is gone:\n" + logs(), e);
    }
  }

  String exec(String... command) {
    var all = new ArrayList<>(List.of("docker", "exec", name));
    all.addAll(Arrays.asList(command));
    return LocalProcess.run(all.toArray(String[]::new));
  }

  String logs() {
    return LocalProcess.run("docker", "logs", "--tail", "30", name);
  }

  @Override
  public void close() {
    LocalProcess.run("docker", "rm", "-f", name);
  }
}
