package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// All that the API server says to one worker, to its kubelet, its kube-proxy and the pods on it,
/// arrives late until this is ended, and what they say to it does not.
///
/// The kernel that the bed's nodes share with a developer's machine need not know how to delay
/// packets (sch_netem), so they go through a relay in the node. What was connected before is cut,
/// and connects again.
final class SlowAnswers {
  /// A TLS handshake takes one answer, a request another.
  static final int SECONDS = 2;

  private static final String SERVICE = "10.96.0.1";
  private static final int PORT = 26443;
  private static final int MARK = 81;

  private final Host host;
  private long relay;

  SlowAnswers(Host host) {
    this.host = host;
  }

  /// Before kube-proxy translates addresses the relay takes connections; a connection whose answers
  /// come from the control plane itself is one of before.
  void begin() {
    host.sh("cat >/tmp/slow-relay.pl <<'PERL'\n" + script() + "\nPERL");
    var start =
        "setsid perl /tmp/slow-relay.pl %d %s 6443 %d %d </dev/null >/dev/null 2>&1 & echo $!"
            .formatted(PORT, Cut.CONTROL_PLANE, MARK, SECONDS);
    relay = Long.parseLong(host.sh(start).strip());
    Lab.awaitTrue("the relay to listen", () -> !host.sh("ss -Hltn sport = :" + PORT).isEmpty());
    host.sh(
        """
        nft -f - <<'NFT'
        table ip slow {
          chain output {
            type nat hook output priority -110;
            meta mark != %1$d ip daddr . tcp dport { %2$s . 6443, %3$s . 443 } redirect to :%4$d
          }
          chain prerouting {
            type nat hook prerouting priority -110;
            ip daddr . tcp dport { %2$s . 6443, %3$s . 443 } redirect to :%4$d
          }
          chain former-of-node {
            type filter hook output priority filter;
            meta mark != %1$d ip daddr %2$s tcp dport 6443 tcp flags & rst == 0 reject with tcp reset
          }
          chain former-of-pods {
            type filter hook prerouting priority -150;
            tcp flags & rst == 0 ct direction original ct state established \\
              ct reply ip saddr %2$s ct reply proto-src 6443 reject with tcp reset
          }
        }
        NFT
        """
            .formatted(MARK, Cut.CONTROL_PLANE, SERVICE, PORT));
    assertThat(secondsOfARequest()).isGreaterThanOrEqualTo(2 * SECONDS);
  }

  private double secondsOfARequest() {
    var url = "https://" + Cut.CONTROL_PLANE + ":6443/version";
    return Double.parseDouble(host.sh("curl -sk -o /dev/null -w '%{time_total}' " + url));
  }

  private static String script() {
    try (var resource = SlowAnswers.class.getResourceAsStream("/slow-relay.pl")) {
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Nothing to do if it has not begun.
  void end() {
    host.sh("nft delete table ip slow 2>/dev/null || true");
    if (relay != 0) {
      host.sh("kill -- -" + relay + " || true");
      relay = 0;
    }
  }
}
