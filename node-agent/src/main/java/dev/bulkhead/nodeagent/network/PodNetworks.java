package dev.bulkhead.nodeagent.network;

import dev.bulkhead.nodeagent.keeper.Keeper;
import dev.bulkhead.nodeagent.linux.Command;
import dev.bulkhead.nodeagent.linux.Linux;
import dev.bulkhead.nodeagent.pod.PodUid;
import java.io.IOException;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;

/// Joins guests to the network namespaces of their pods, and tells them their addresses. What it
/// does there is `NetworkPlan`'s and `DhcpResponder`'s to decide.
public final class PodNetworks implements AutoCloseable {

  /// Moves the tap in unless it is there, then works in the pod's network namespace. The fresh
  /// /proc is needed because a container's own has a read-only /proc/sys. Port 67 is opened to all
  /// in there, which is the agent alone, so that it needs no CAP_NET_BIND_SERVICE.
  private static final String ENTER =
      """
      if [ -e "/sys/class/net/$TAP" ]; then ip link set "$TAP" netns "$POD"; fi
      exec nsenter --net="/proc/$POD/ns/net" unshare --mount sh -euc "$INSIDE"
      """;

  private static final String INSIDE =
      """
      mount -t proc proc /proc
      echo 1 >/proc/sys/net/ipv4/ip_forward
      echo 67 >/proc/sys/net/ipv4/ip_unprivileged_port_start
      printf %s "$IP_BATCH" | ip -batch -
      printf %s "$NFT_RULESET" | nft -f -
      """;

  private final DhcpServer dhcp = new DhcpServer();

  /// Of the pod's own interface, in bytes.
  public int mtu(Keeper keeper) throws IOException {
    return Linux.inNetworkOf(
        keeper.pid(),
        () -> {
          var pod = NetworkInterface.getByName(NetworkPlan.POD_INTERFACE);
          if (pod == null) {
            throw new IOException("the pod has no interface " + NetworkPlan.POD_INTERFACE);
          }
          return pod.getMTU();
        });
  }

  /// Does nothing new where it was done before. QEMU must have the tap open.
  ///
  /// @param bandwidth bytes per second in each direction, null for no limit
  public void join(Keeper keeper, Link link, String hostname, Long bandwidth) throws IOException {
    int mtu = mtu(keeper);
    Command.run(
        List.of("sh", "-euc", ENTER),
        Map.of(
            "TAP", link.tap(),
            "POD", Integer.toString(keeper.pid()),
            "INSIDE", INSIDE,
            "IP_BATCH", NetworkPlan.ipBatch(link, mtu),
            "NFT_RULESET", NetworkPlan.nftRuleset(link, bandwidth)));
    var resolver = ResolvConf.parse(Files.readAllLines(keeper.root().resolve("etc/resolv.conf")));
    var lease =
        new Lease(
            link.mac(),
            Ipv4.parse(NetworkPlan.GUEST),
            Ipv4.parse(NetworkPlan.NETMASK),
            Ipv4.parse(NetworkPlan.GATEWAY),
            resolver.nameservers(),
            resolver.search(),
            mtu,
            hostname);
    dhcp.stop(keeper.pod());
    dhcp.serve(keeper.pod(), Linux.inNetworkOf(keeper.pid(), DhcpServer::open), lease);
  }

  /// The pod's namespace and all that is in it go with the pod; this ends what the agent holds.
  public void leave(PodUid pod) {
    dhcp.stop(pod);
  }

  @Override
  public void close() throws IOException {
    dhcp.close();
  }
}
