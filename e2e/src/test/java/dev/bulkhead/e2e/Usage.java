package dev.bulkhead.e2e;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// How much is in use of all that a leak would eat, by name: in every process of Bulkhead, and on
/// its nodes. Live objects of a Java program are counted after a full collection.
record Usage(SortedMap<String, Long> amounts) {

  /// One `<what> <how much>` a line.
  private static final String OF_NODE =
      """
      echo "processes $(ls -d /proc/[0-9]* | wc -l)"
      echo "network-interfaces $(ip -o link | wc -l)"
      echo "network-namespaces $(ls /run/netns | wc -l)"
      echo "packet-filter-rules $({ nft list ruleset; iptables-save; } 2>/dev/null | wc -l)"
      echo "mounts $(wc -l </proc/1/mountinfo)"
      echo "cgroups $(find /sys/fs/cgroup -type d | wc -l)"
      echo "files-of-ours $(find /run/bulkhead /var/lib/bulkhead | wc -l)"
      echo "unix-sockets-of-ours $(grep -c /run/bulkhead /proc/net/unix)"
      """;

  /// Classes of which one more for each guest would be a leak. Their live objects are counted.
  private static final List<String> WATCHED_CLASSES =
      List.of("dev.bulkhead.", "io.fabric8.kubernetes.api.model.", "io.javaoperatorsdk.");

  /// What the operator's clock holds of each VM until its next look at it is due, gone or not: ten
  /// minutes at most (`MaxReconciliationInterval`), so it is bounded and no leak.
  private static final List<String> WAIT_FOR_THEIR_TIME =
      List.of("$EventProducerTimeTask", ".event.ResourceID");

  /// What JOSDK 5.3.2 keeps of about every second VM that was deleted while it was looked at: some
  /// 100 bytes, until the operator starts anew. `heap-bytes` would show it if it became more.
  private static final List<String> LEAK_OF_THE_SDK = List.of(".event.ResourceState");

  static Usage of(Lab lab, Hosts hosts) {
    var amounts = new TreeMap<String, Long>();
    hosts.workers().forEach(host -> ofNode(host, amounts));
    for (var pod : Deployment.operatorPods(lab.client())) {
      var host = hosts.on(pod.getSpec().getNodeName());
      var name = pod.getMetadata().getName();
      ofJava(host, "operator " + name, host.one(name, host.operatorPids(name)), amounts);
    }
    return new Usage(amounts);
  }

  private static void ofNode(Host host, Map<String, Long> into) {
    lines(host.sh(OF_NODE)).forEach((what, n) -> into.put(host.name() + ": " + what, n));
    ofProcess(host, "libvirtd of " + host.name(), host.libvirtdPid(), into);
    ofJava(host, "agent of " + host.name(), host.agentPid(), into);
  }

  private static void ofProcess(Host host, String name, long pid, Map<String, Long> into) {
    var figures =
        host.sh(
            """
            cd /proc/%d
            echo "file-handles $(ls fd | wc -l)"
            echo "threads $(ls task | wc -l)"
            echo "mounts $(wc -l <mountinfo)"
            echo "files-in-tmp $(find root/tmp | wc -l)"
            echo "memory-bytes $(awk '/^RssAnon/ {print $2 * 1024}' status)"
            """
                .formatted(pid));
    lines(figures).forEach((what, n) -> into.put(name + ": " + what, n));
  }

  /// Its memory is its live objects; what the kernel gave it includes what it has not collected.
  private static void ofJava(Host host, String name, long pid, Map<String, Long> into) {
    for (var line : host.heapHistogram(pid).lines().toList()) {
      var words = line.strip().split("\\s+", 5);
      if (words[0].equals("Total")) {
        into.put(name + ": heap-bytes", Long.parseLong(words[2]));
      } else if (words.length > 3
          && WATCHED_CLASSES.stream().anyMatch(words[3]::startsWith)
          && WAIT_FOR_THEIR_TIME.stream().noneMatch(words[3]::endsWith)
          && LEAK_OF_THE_SDK.stream().noneMatch(words[3]::endsWith)) {
        into.put(name + ": objects of " + words[3], Long.parseLong(words[1]));
      }
    }
    ofProcess(host, name, pid, into);
    into.remove(name + ": memory-bytes");
  }

  private static Map<String, Long> lines(String text) {
    return text.lines()
        .map(line -> line.split(" ", 2))
        .collect(Collectors.toMap(words -> words[0], words -> Long.parseLong(words[1].strip())));
  }

  long amount(String name) {
    return amounts.getOrDefault(name, 0L);
  }
}
