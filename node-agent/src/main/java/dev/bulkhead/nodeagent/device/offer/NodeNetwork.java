package dev.bulkhead.nodeagent.device.offer;

import dev.bulkhead.nodeagent.linux.Linux;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Asks in the network namespace of the node's first process: the agent's own is its pod's.
public final class NodeNetwork implements HostNetwork {
  @Override
  public Map<String, List<String>> addresses() throws IOException {
    return Linux.inNetworkOf(
        Linux.NODE_INIT,
        () -> {
          var addresses = new TreeMap<String, List<String>>();
          for (var network : NetworkInterface.networkInterfaces().toList()) {
            addresses.put(network.getName(), reachable(network));
          }
          return addresses;
        });
  }

  private static List<String> reachable(NetworkInterface network) {
    return network
        .inetAddresses()
        .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
        .map(InetAddress::getHostAddress)
        .map(text -> text.split("%", 2)[0])
        .toList();
  }
}
