package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The real kubectl, as users have it, in one namespace.
public record Kubectl(String kubeconfig, String namespace) {
  private static final ObjectMapper JSON = new ObjectMapper();

  public record Result(List<String> command, int exitCode, String out, String err) {
    public Result succeeded() {
      assertThat(exitCode).as("%s%n%s%s", String.join(" ", command), out, err).isZero();
      return this;
    }

    /// Both streams, for messages that kubectl may print to either.
    String all() {
      return out + err;
    }
  }

  /// The same cluster and namespace with nothing but that token: a kubeconfig of its own, because a
  /// client certificate in the old one would win over the token.
  Kubectl as(String token) {
    try {
      var config =
          (ObjectNode)
              JSON.readTree(
                  run("config", "view", "--raw", "--minify", "-o", "json").succeeded().out());
      var user = (ObjectNode) config.path("users").path(0);
      user.putObject("user").put("token", token);
      var file = Files.createTempFile("kubeconfig", ".json");
      file.toFile().deleteOnExit();
      JSON.writeValue(file.toFile(), config);
      return new Kubectl(file.toString(), namespace);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Result run(String... args) {
    return runWithInput("", args);
  }

  Result runWithInput(String input, String... args) {
    var command = new ArrayList<>(List.of("kubectl", "-n", namespace));
    command.addAll(Arrays.asList(args));
    return process(kubeconfig, input, command);
  }

  /// Runs a command with that kubeconfig in its environment, two minutes at most.
  static Result process(String kubeconfig, String input, List<String> command) {
    Path out = null;
    Path err = null;
    try {
      out = Files.createTempFile("out", null);
      err = Files.createTempFile("err", null);
      var builder =
          new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
      builder.environment().put("KUBECONFIG", kubeconfig);
      var process = builder.start();
      try (var stdin = process.getOutputStream()) {
        stdin.write(input.getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        // The process ended without reading all of it: its exit code and words tell why.
      }
      if (!process.waitFor(2, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new AssertionError("no end within 2 minutes: " + String.join(" ", command));
      }
      return new Result(
          List.copyOf(command), process.exitValue(), Files.readString(out), Files.readString(err));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } finally {
      delete(out);
      delete(err);
    }
  }

  private static void delete(Path file) {
    if (file != null && !file.toFile().delete()) {
      file.toFile().deleteOnExit();
    }
  }
}
