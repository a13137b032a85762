package dev.bulkhead.e2e;

import java.time.Duration;
import org.awaitility.Awaitility;

/// A running tiny guest, seen from outside: by HTTP from a container, and from its node.
public record Guest(Lab lab, String name, String ip, String node) {
  private static final String CLIENT = "client-1";

  /// One boot of the guest's kernel has one of these; it outlives everything but a reboot.
  String bootId() {
    return lab.awaitGet(CLIENT, url("/cgi-bin/boot-id"));
  }

  int cpus() {
    return Integer.parseInt(lab.awaitGet(CLIENT, url("/cgi-bin/cpus")).strip());
  }

  public String ask(String path) {
    return lab.awaitGet(CLIENT, url(path));
  }

  /// Asks the guest to end its own life; it may die before it answers.
  void tell(String path) {
    lab.exec(CLIENT, "timeout", "3", "wget", "-q", "-O", "-", url(path));
  }

  void awaitAnswer() {
    lab.awaitGet(CLIENT, url("/"));
  }

  void awaitSilence(Duration within) {
    Awaitility.await("no answer from " + name)
        .atMost(within)
        .until(() -> lab.get(CLIENT, url("/")).isEmpty());
  }

  String url(String path) {
    return "http://" + ip + path;
  }
}
