package dev.bulkhead.nodeagent.network;

/// How a guest is joined to its pod's network namespace, as text for `ip` and `nft`: the guest has
/// an address of its own behind the pod's; what arrives at the pod's address goes to the guest, and
/// what the guest sends leaves from the pod's address. Applying it again changes nothing.
///
/// Every value in it is an address or name of our own making, never a user's text.
public final class NetworkPlan {
  /// Only this pod and its guest ever see this net. 10.0.2.0/24 is also what QEMU's own user
  /// network and KubeVirt's masquerade binding use, so clusters keep clear of it.
  static final String GATEWAY = "10.0.2.1";

  static final String GUEST = "10.0.2.2";
  static final String NETMASK = "255.255.255.0";
  private static final String RANGE = "10.0.2.0/24";

  /// What the container runtime calls a pod's interface (CRI).
  static final String POD_INTERFACE = "eth0";

  /// What may pass at once beyond a second's worth, which the kernel adds itself (nft_limit.c):
  /// four of the largest packets that it makes (64 KiB, GSO), or a slow limit would pass none.
  private static final long BURST = 4 * 64 * 1024;

  private NetworkPlan() {}

  /// The guest's neighbour entry is fixed, so that it can be answered before it knows its address;
  /// the limited broadcast leads to the guest, for DHCP clients that ask for it.
  static String ipBatch(Link link, int mtu) {
    return """
    link set dev %1$s mtu %3$d up
    address replace %4$s/24 dev %1$s
    neighbour replace %5$s lladdr %2$s dev %1$s nud permanent
    route replace 255.255.255.255/32 dev %1$s
    """
        .formatted(link.tap(), link.mac(), mtu, GATEWAY, GUEST);
  }

  /// @param bandwidth bytes per second in each direction, null for no limit. libvirt's own limit
  ///     would be lost: the kernel drops a device's queues when it moves to another namespace.
  static String nftRuleset(Link link, Long bandwidth) {
    return """
    table ip bulkhead
    delete table ip bulkhead
    table ip bulkhead {
      chain to-guest {
        type nat hook prerouting priority dstnat
        iifname "%1$s" dnat to %2$s
      }
      chain from-guest {
        type nat hook postrouting priority srcnat
        oifname "%1$s" ip saddr %3$s masquerade
      }
      chain bandwidth {
        type filter hook forward priority filter
    %4$s  }
    }
    """
        .formatted(POD_INTERFACE, GUEST, RANGE, bandwidth == null ? "" : limits(link, bandwidth));
  }

  private static String limits(Link link, long bandwidth) {
    return """
        iifname "%1$s" limit rate over %2$d bytes/second burst %3$d bytes drop
        oifname "%1$s" limit rate over %2$d bytes/second burst %3$d bytes drop
    """
        .formatted(link.tap(), bandwidth, BURST);
  }
}
