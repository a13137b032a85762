package dev.bulkhead.nodeagent.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A process in namespaces of its own, to be found by its pid. Needs root.
public final class Namespaced implements AutoCloseable {
  private final Process process;

  private Namespaced(Process process) {
    this.process = process;
  }

  /// Runs the script there, then waits to be closed.
  ///
  /// @param flag of `unshare`: `--mount` or `--net`
  public static Namespaced start(String flag, String script) throws IOException {
    var process =
        new ProcessBuilder("unshare", flag, "sh", "-euc", script + "\necho ready\nexec cat")
            .redirectErrorStream(true)
            .start();
    var words = new ArrayList<String>();
    var output = process.inputReader(StandardCharsets.UTF_8);
    for (var line = output.readLine(); !"ready".equals(line); line = output.readLine()) {
      if (line == null) {
        throw new IllegalStateException("unshare " + flag + " failed: " + words);
      }
      words.add(line);
    }
    return new Namespaced(process);
  }

  public int pid() {
    return (int) process.pid();
  }

  /// What the command prints when it runs in this network namespace.
  public String inNetwork(String... command) {
    try {
      return new String(
          startInNetwork(command).getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Process startInNetwork(String... command) throws IOException {
    var all = new ArrayList<>(List.of("nsenter", "--net=/proc/%d/ns/net".formatted(pid())));
    all.addAll(List.of(command));
    return new ProcessBuilder(all).redirectErrorStream(true).start();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
