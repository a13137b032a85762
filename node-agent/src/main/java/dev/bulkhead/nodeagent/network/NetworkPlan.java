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

  static String nftRuleset() {
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
    }
    """
        .formatted(POD_INTERFACE, GUEST, RANGE);
  }
}
