package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/// Looks at every node's QEMU processes five times a second, whatever else goes on, and tells
/// whether two of one VM were ever there at once. It runs on the nodes themselves, which share one
/// clock, and needs nothing of Kubernetes.
final class QemuWatch implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();

  /// One line for each QEMU at each look: milliseconds, domain, PID. libvirt gives QEMU
  /// `-name guest=<domain>,…`; the domain is `<namespace>.<vm>`.
  private static final String LOOK =
      """
      cd /proc
      while :; do
        now=${EPOCHREALTIME/./}
        for p in [0-9]*; do
          { mapfile -d "" -t words <$p/cmdline; } 2>/dev/null || continue
          case ${words[0]-} in *qemu-system-*) ;; *) continue;; esac
          for w in "${words[@]}"; do
            case $w in guest=*) w=${w%%,*}; echo "${now%???} ${w#guest=} $p";; esac
          done
        done
        sleep 0.2
      done
      """;

  /// A process of one VM, from the look that first saw it to the last that did.
  record Life(String node, String domain, long pid, long from, long to) {
    Life seen(long at) {
      return new Life(node, domain, pid, from, at);
    }

    boolean meets(Life other) {
      return domain.equals(other.domain) && from <= other.to && other.from <= to;
    }
  }

  private final List<Host> hosts;
  private final Map<Host, Long> pids = new HashMap<>();

  /// Beside the components' logs, which are evidence of a failure and outlive a node's crash.
  private final String log =
      "/var/log/k8s/qemus-%d-%d.log"
          .formatted(ProcessHandle.current().pid(), COUNT.incrementAndGet());

  QemuWatch(Hosts hosts) {
    this.hosts = hosts.workers().toList();
    this.hosts.forEach(this::lookAt);
  }

  /// From now on; also again after the node was restarted.
  void lookAt(Host host) {
    var start = "setsid bash -c '%s' </dev/null >>%s 2>/dev/null & echo $!".formatted(LOOK, log);
    pids.put(host, Long.valueOf(host.sh(start).strip()));
  }

  /// Fails if two were there at once.
  ///
  /// @return how many QEMU processes were seen
  int assertNeverTwoOfOneVm() {
    var lives =
        hosts.stream().flatMap(host -> lives(host.name(), host.sh("cat " + log)).stream()).toList();
    assertThat(twoAtOnce(lives)).as("two QEMUs of one VM").isEmpty();
    return lives.size();
  }

  static Optional<List<Life>> twoAtOnce(List<Life> lives) {
    for (int i = 0; i < lives.size(); i++) {
      for (var other : lives.subList(i + 1, lives.size())) {
        if (lives.get(i).meets(other)) {
          return Optional.of(List.of(lives.get(i), other));
        }
      }
    }
    return Optional.empty();
  }

  static List<Life> lives(String node, String log) {
    var lives = new LinkedHashMap<String, Life>();
    for (var line : log.lines().toList()) {
      var words = line.split(" ", -1);
      var at = Long.parseLong(words[0]);
      var life = new Life(node, words[1], Long.parseLong(words[2]), at, at);
      lives.merge(words[1] + " " + words[2], life, (first, _) -> first.seen(at));
    }
    return List.copyOf(lives.values());
  }

  @Override
  public void close() {
    pids.forEach((host, pid) -> host.sh("kill " + pid + " || true; rm -f " + log));
  }
}
