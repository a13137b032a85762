package dev.bulkhead.e2e.bench;

import dev.bulkhead.e2e.Devices;
import dev.bulkhead.e2e.Host;
import dev.bulkhead.e2e.Hosts;
import dev.bulkhead.e2e.Lab;
import dev.bulkhead.e2e.Manifests;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a real device in a guest costs and gives, on the passthrough bed: how much longer a VM
/// takes to run when it claims an NVMe disk, and how that disk does against one of virtio-blk in
/// the same guest. Disk, IOMMU and processor are all emulated there, so the ratios tell of changes
/// of ours rather than of hardware.
record PassthroughBench(Lab lab, Hosts hosts) {
  /// The machine of that bed, and its disk (`e2e/bed/node/machine-devices`).
  private static final String NODE = "machine";

  private static final String NVME = "0000:02:00.0";

  private static final String TEMPLATE = "bench-nvme";
  private static final String CLAIM = "bench-nvme-kept";
  private static final String VM = "loaded";

  /// A guest in a machine that is itself emulated.
  private static final Duration LONG = Duration.ofMinutes(4);

  private static final int STARTS = 5;
  private static final int ROUNDS = 5;
  private static final int SECONDS = 3;

  /// By the name of the figure: what `guest-load` is told.
  private static final Map<String, String> LOADS =
      Map.of("vfio_nvme_read", "read", "vfio_nvme_random_read", "random-read");

  private record Pair(double with, double without) {
    double ratio() {
      return with / without;
    }
  }

  void run(Report report) {
    try {
      starts(report);
      disk(report);
    } finally {
      lab.clear();
      lab.delete("resourceclaimtemplate/" + TEMPLATE, "resourceclaim/" + CLAIM);
      Devices.awaitDriver(hosts.on(NODE), NVME, "nvme");
    }
  }

  private void starts(Report report) {
    lab.apply(Devices.template(TEMPLATE, "nvme.bulkhead.dev", Devices.at(NVME)));
    var with = "  devices: [{name: disk, claim: {template: %s}}]".formatted(TEMPLATE);
    var pairs = new ArrayList<Pair>();
    try (var timeline = new Timeline(lab)) {
      start(timeline, "without-first", ""); // image unpacked, page cache filled
      start(timeline, "with-first", with);
      for (int i = 0; i < STARTS; i++) {
        var without = start(timeline, "without-" + i, "");
        pairs.add(new Pair(start(timeline, "with-" + i, with), without));
      }
    }
    var withs = Statistics.median(pairs.stream().map(Pair::with).toList());
    var withouts = Statistics.median(pairs.stream().map(Pair::without).toList());
    report.figure("device_start_s", withs, "s", "apply → status Running, with an NVMe disk");
    report.figure("device_start_without_s", withouts, "s", "the same VM without");
    report.figure("device_start_ratio", withs / withouts, "", "with to without, medians");
    report.samples("device_start", pairs);
  }

  /// In seconds. The device is its node's own again when this ends.
  private double start(Timeline timeline, String name, String devices) {
    var manifest = Manifests.hardwareGuest(name, Manifests.onNode(NODE), devices);
    var began = Instant.now();
    lab.client().resource(manifest).inNamespace(lab.namespace()).create();
    var runs = timeline.await(name, "status Running", LONG);
    lab.delete("vm/" + name);
    lab.awaitNoPod(name);
    Devices.awaitDriver(hosts.on(NODE), NVME, "nvme");
    return Duration.between(began, runs).toMillis() / 1000.0;
  }

  private void disk(Report report) {
    lab.apply(
        Devices.claim(CLAIM, "nvme.bulkhead.dev", 1, Devices.at(NVME)),
        Manifests.hardwareGuest(
            VM,
            Manifests.onNode(NODE),
            "  devices: [{name: disk, claim: {name: %s}}]".formatted(CLAIM),
            "  disks: [{name: data, empty: {size: 128Mi}}]",
            "  cloudInit:",
            "    userData: |",
            GuestLoad.userData()
                .replace("exec serve", FILL + "exec serve")
                .indent(6)
                .stripTrailing()));
    var guest = lab.awaitRunning(VM, LONG);
    var host = hosts.on(NODE);
    HttpProbe.firstAnswer(host, List.of(), guest.ip(), LONG);
    var measured = new LinkedHashMap<String, List<Pair>>();
    LOADS.forEach((name, load) -> measured.put(name, pairs(host, guest.ip(), load)));
    var lowest = Double.MAX_VALUE;
    for (var entry : measured.entrySet()) {
      var ratio = Statistics.median(entry.getValue().stream().map(Pair::ratio).toList());
      lowest = Math.min(lowest, ratio);
      report.figure(
          entry.getKey() + "_ratio", ratio, "", "NVMe by VFIO to virtio-blk, median of ratios");
    }
    report.figure("vfio_nvme_ratio", lowest, "", "the lower of these");
    report.samples("vfio_nvme", measured);
  }

  /// Places on both disks exist then. What other tests keep at the start of the NVMe disk stays.
  private static final String FILL =
      """
      dd if=/dev/zero of=/dev/vda bs=1M count=64 conv=fsync 2>/dev/null
      dd if=/dev/zero of=/dev/nvme0n1 bs=1M seek=1 count=63 conv=fsync 2>/dev/null
      """;

  private static List<Pair> pairs(Host host, String guest, String load) {
    return GuestLoad.byTurns(
        ROUNDS,
        () -> GuestLoad.rate(host, guest, SECONDS, load + "+/dev/nvme0n1"),
        () -> GuestLoad.rate(host, guest, SECONDS, load + "+/dev/vda"),
        Pair::new);
  }
}
