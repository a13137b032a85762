package dev.bulkhead.nodeagent.linux;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Runs one program to its end, with a time limit. Arguments are passed as they are: no shell reads
/// them.
public final class Command {
  /// All commands of the agent are done in well under a second; this is for a machine in trouble.
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /// How much of a program's last words is quoted.
  private static final int QUOTED = 500;

  private Command() {}

  /// Throws with the program's own words when it fails.
  public static void run(String... command) throws IOException {
    run(List.of(command));
  }

  public static void run(List<String> command) throws IOException {
    run(command, Map.of());
  }

  /// As above.
  ///
  /// @param environment on top of the agent's own
  public static void run(List<String> command, Map<String, String> environment) throws IOException {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    var process = builder.start();
    process.getOutputStream().close();
    var words = new CompletableFuture<String>();
    Thread.ofVirtual().start(() -> words.complete(read(process.getInputStream())));
    try {
      if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException(command.getFirst() + ": no end within " + LIMIT.toSeconds() + " s");
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException(command.getFirst() + ": interrupted", e);
    }
    if (process.exitValue() != 0) {
      throw new IOException(
          "%s failed (%d): %s"
              .formatted(command.getFirst(), process.exitValue(), last(words.join())));
    }
  }

  private static String read(InputStream stream) {
    try (stream) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      return "its output could not be read: " + e.getMessage();
    }
  }

  private static String last(String text) {
    return text.length() > QUOTED ? "…" + text.substring(text.length() - QUOTED) : text;
  }
}
