package dev.bulkhead.e2e;

/// The network between one worker and the API server, cut in both directions until it is closed:
/// packets are dropped, as by a broken switch, and nobody is told. Pods still reach each other.
final class Cut implements AutoCloseable {
  static final String CONTROL_PLANE = "172.30.0.10";

  private final Host host;

  Cut(Host host) {
    this.host = host;
    host.sh(
        """
        nft -f - <<'NFT'
        table inet cut {
          chain input {
            type filter hook input priority raw;
            ip saddr %1$s drop
          }
          chain output {
            type filter hook output priority filter; # after kube-proxy has translated addresses
            ip daddr %1$s drop
          }
          chain forward {
            type filter hook forward priority filter;
            ip saddr %1$s drop
            ip daddr %1$s drop
          }
        }
        NFT
        """
            .formatted(CONTROL_PLANE));
  }

  @Override
  public void close() {
    host.sh("nft delete table inet cut");
  }
}
