package dev.bulkhead.nodeagent.network;

import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.List;

/// How names are resolved in a pod: what kubelet wrote into its `/etc/resolv.conf`.
///
/// @param nameservers IPv4 only, as the guest's network is
record ResolvConf(List<Inet4Address> nameservers, List<String> search) {
  ResolvConf {
    nameservers = List.copyOf(nameservers);
    search = List.copyOf(search);
  }

  /// Lines that it does not know or cannot read are passed over, as the resolver does (man 5
  /// resolv.conf).
  static ResolvConf parse(List<String> lines) {
    var nameservers = new ArrayList<Inet4Address>();
    var search = new ArrayList<String>();
    for (var line : lines) {
      var words = line.strip().split("\\s+");
      if (words[0].equals("nameserver") && words.length > 1 && isIpv4(words[1])) {
        nameservers.add(Ipv4.parse(words[1]));
      } else if (words[0].equals("search")) {
        search.clear();
        search.addAll(List.of(words).subList(1, words.length));
      }
    }
    return new ResolvConf(nameservers, search);
  }

  private static boolean isIpv4(String text) {
    try {
      Ipv4.parse(text);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
