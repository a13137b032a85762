package dev.bulkhead.nodeagent.network;

import java.net.Inet4Address;
import java.util.List;

/// All that a guest is told about its network; it never ends.
///
/// @param mac the guest's, lower case with colons
/// @param hostname a DNS label
record Lease(
    String mac,
    Inet4Address guest,
    Inet4Address netmask,
    Inet4Address server,
    List<Inet4Address> nameservers,
    List<String> search,
    int mtu,
    String hostname) {
  Lease {
    nameservers = List.copyOf(nameservers);
    search = List.copyOf(search);
  }
}
