package dev.bulkhead.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.client.dsl.ExecWatch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import org.awaitility.Awaitility;

/// One TCP connection from a container to a guest's echo service, kept open.
final class EchoConnection implements AutoCloseable {
  private final ExecWatch exec;
  private final ByteArrayOutputStream heard;

  private EchoConnection(ExecWatch exec, ByteArrayOutputStream heard) {
    this.exec = exec;
    this.heard = heard;
  }

  static EchoConnection open(Lab lab, String fromPod, String host, int port) {
    var heard = new ByteArrayOutputStream();
    var exec =
        lab.client()
            .pods()
            .inNamespace(lab.namespace())
            .withName(fromPod)
            .redirectingInput()
            .writingOutput(heard)
            .exec("nc", host, String.valueOf(port));
    return new EchoConnection(exec, heard);
  }

  /// Sends a line and waits until the guest has sent it back over the same connection.
  void say(String line) {
    try {
      OutputStream out = exec.getInput();
      out.write((line + "\n").getBytes(UTF_8));
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Awaitility.await("echo of '" + line + "'")
        .atMost(Duration.ofSeconds(30))
        .until(() -> heard.toString(UTF_8).lines().anyMatch(line::equals));
  }

  @Override
  public void close() {
    exec.close();
  }
}
