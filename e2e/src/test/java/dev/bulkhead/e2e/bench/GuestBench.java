package dev.bulkhead.e2e.bench;

import dev.bulkhead.e2e.Host;
import dev.bulkhead.e2e.Hosts;
import dev.bulkhead.e2e.Lab;
import dev.bulkhead.e2e.Manifests;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a guest gets done in a VM, to what it gets done under bare libvirt: two guests of the same
/// QEMU arguments on one node, of which one works at a time, by turns. A ratio of 1 is no loss.
record GuestBench(Lab lab, Hosts hosts) {
  private static final String VM = "loaded";

  /// Where container pods are that tests call from; here it is what guests send to.
  private static final String PEER = "client-1";

  /// With the load's buffers in it, 96 MiB are too few.
  private static final String MEMORY = "memory: {size: 192Mi}";

  private static final int ROUNDS = 5;
  private static final int SECONDS = 2;
  private static final double AIM = 0.95;

  /// By the name of the figure: what `guest-load` is told.
  private static final Map<String, String> LOADS = loads();

  private static Map<String, String> loads() {
    var loads = new LinkedHashMap<String, String>();
    loads.put("guest_cpu", "cpu");
    loads.put("guest_memory", "memory");
    loads.put("guest_disk_write", "write+/dev/vda");
    loads.put("guest_disk_read", "read+/dev/vda");
    loads.put("guest_disk_random_write", "random-write+/dev/vda");
    loads.put("guest_disk_random_read", "random-read+/dev/vda");
    loads.put("guest_net_receive", "receive");
    loads.put("guest_net_send", "send");
    return loads;
  }

  /// By the second: KiB, for random access operations, for CPU thousands of rounds.
  private record Pair(double vm, double bare) {}

  void run(Report report) {
    var host = hosts.on(lab.firstNode());
    lab.apply(
        Manifests.tinyGuest(
                VM,
                Manifests.onNode(host.name()),
                "  disks: [{name: data, empty: {size: 128Mi}}]",
                "  cloudInit:",
                "    userData: |",
                GuestLoad.userData().indent(6).stripTrailing())
            .replace("memory: {size: 96Mi}", MEMORY));
    var guest = lab.awaitRunning(VM);
    var peer = lab.client().pods().inNamespace(lab.namespace()).withName(PEER).get().getStatus();
    servePeer();
    try (var bare = new BareLibvirt(host, lab, VM)) {
      HttpProbe.firstAnswer(host, List.of(), guest.ip());
      bare.create(bare.xml());
      HttpProbe.firstAnswer(host, bare.inNetwork(), BareLibvirt.GUEST_ADDRESS);
      bare.joinNode();
      bare.assertSameQemu(host.qemuOf(lab, VM));
      var measured = new LinkedHashMap<String, List<Pair>>();
      LOADS.forEach(
          (name, load) ->
              measured.put(
                  name,
                  pairs(
                      host,
                      guest.ip(),
                      name.startsWith("guest_net") ? load + "+" + peer.getPodIP() : load)));
      report(report, measured);
      bare.destroy();
    }
  }

  private List<Pair> pairs(Host host, String vm, String load) {
    return GuestLoad.byTurns(
        ROUNDS,
        () -> GuestLoad.rate(host, vm, SECONDS, load),
        () -> GuestLoad.rate(host, BareLibvirt.GUEST_ADDRESS, SECONDS, load),
        Pair::new);
  }

  /// Zeros without end from port 7001; port 7002 takes whatever comes.
  private void servePeer() {
    lab.exec(
            PEER,
            "sh",
            "-c",
            """
            nc -ll -p 7001 -e cat /dev/zero </dev/null >/dev/null 2>&1 &
            nc -ll -p 7002 -e dd of=/dev/null bs=64k </dev/null >/dev/null 2>&1 &
            """)
        .succeeded();
  }

  private static void report(Report report, Map<String, List<Pair>> measured) {
    var ratios = new LinkedHashMap<String, Double>();
    measured.forEach(
        (name, pairs) ->
            ratios.put(
                name,
                Statistics.median(pairs.stream().map(Pair::vm).toList())
                    / Statistics.median(pairs.stream().map(Pair::bare).toList())));
    ratios.forEach(
        (name, ratio) ->
            report.figureAtLeast(name + "_ratio", ratio, "", AIM, "VM to bare libvirt, medians"));
    for (var kind : List.of("guest_disk", "guest_net")) {
      var worst =
          ratios.entrySet().stream()
              .filter(entry -> entry.getKey().startsWith(kind))
              .mapToDouble(Map.Entry::getValue)
              .min()
              .orElseThrow();
      report.figureAtLeast(kind + "_ratio", worst, "", AIM, "the lowest of these");
    }
    report.samples("guest", measured);
  }
}
