package dev.bulkhead.e2e;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/// One TCP connection from a container to a guest's echo service, kept open. A process in that
/// container holds it, says a number five times a second and keeps what it hears, so only the
/// guest or the network between them can break it: not kubelet, the runtime or the API server.
final class EchoConnection implements AutoCloseable {
  /// TCP tries again after at most that long when a guest was paused or cut off for half a minute.
  private static final Duration HEARD_WITHIN = Duration.ofSeconds(60);

  private static final AtomicInteger COUNT = new AtomicInteger();

  private final Lab lab;
  private final String pod;

  /// The beginning of the names of its files in the container: `.said`, `.heard`, `.pid`.
  private final String files;

  private EchoConnection(Lab lab, String pod, String files) {
    this.lab = lab;
    this.pod = pod;
    this.files = files;
  }

  static EchoConnection open(Lab lab, String fromPod, String host, int port) {
    var files = "/tmp/echo-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
    var connection = new EchoConnection(lab, fromPod, files);
    var talk =
        """
        n=0; while echo $n; do echo $n >%1$s.said; n=$((n+1)); sleep 0.2; done | nc %2$s %3$d >%1$s.heard
        """
            .formatted(files, host, port);
    connection.sh(
        "echo 0 >%1$s.said; setsid sh -c 'echo $$ >%1$s.pid; %2$s' </dev/null >/dev/null 2>&1 &"
            .formatted(files, talk.strip()));
    connection.awaitEcho();
    return connection;
  }

  /// Waits until the guest has sent back something that was said after now, over the same
  /// connection.
  void awaitEcho() {
    var said = number("cat %s.said".formatted(files));
    Awaitility.await("an echo over the connection to the guest, from " + pod)
        .atMost(HEARD_WITHIN)
        .until(() -> number("tail -n 1 %s.heard 2>/dev/null || true".formatted(files)) > said);
  }

  private int number(String command) {
    var text = sh(command).strip();
    return text.isEmpty() ? -1 : Integer.parseInt(text);
  }

  private String sh(String script) {
    return lab.exec(pod, "sh", "-c", script).succeeded().out();
  }

  @Override
  public void close() {
    lab.exec(pod, "sh", "-c", "kill -- -$(cat %1$s.pid); rm -f %1$s.*".formatted(files));
  }
}
