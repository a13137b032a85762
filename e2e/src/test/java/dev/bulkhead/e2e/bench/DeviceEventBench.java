package dev.bulkhead.e2e.bench;

import dev.bulkhead.e2e.Devices;
import dev.bulkhead.e2e.Helm;
import dev.bulkhead.e2e.Host;
import dev.bulkhead.e2e.Hosts;
import dev.bulkhead.e2e.Lab;
import dev.bulkhead.e2e.RecordedHardware;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// From the kernel's announcement of a device to the ResourceSlice that tells of what is new about
/// it: one of eight recorded accelerators fails, and is well again, by turns.
record DeviceEventBench(Lab lab, Hosts hosts) {
  private static final String RECORD = "eight-gpus";
  private static final String GPU = "0000:1a:00.0";
  private static final String DEVICE = "pci-0000-1a-00-0";
  private static final int ROUNDS = 20;
  private static final double AIM_S = 2;

  /// Longer than the look that the agent takes at its own change of a slice.
  private static final Duration QUIET = Duration.ofSeconds(2);

  void run(Report report) {
    var host = hosts.on(lab.firstNode());
    var installed = Helm.of(lab).revision();
    try {
      RecordedHardware.layOut(host, RECORD);
      Helm.of(lab)
          .upgrade("devices.allow={gpu}", "nodeAgent.recordedHardware=" + RecordedHardware.FOLDER);
      var seen = new Seen();
      try (var _ =
          lab.client().resources(ResourceSlice.class).inform(new Timeline.Handler<>(seen::look))) {
        report(report, rounds(host, seen));
      }
    } finally {
      Helm.of(lab).rollback(installed);
      Lab.awaitTrue("no devices", () -> Devices.slices(lab).isEmpty());
      RecordedHardware.remove(host);
    }
  }

  private static List<Double> rounds(Host host, Seen seen) {
    Timeline.await(DEVICE + " offered", () -> seen.since(false));
    var times = new ArrayList<Double>();
    for (int i = 0; i < ROUNDS; i++) {
      var fails = i % 2 == 0;
      Timeline.pass(QUIET);
      seen.forget();
      var happened = happen(host, fails);
      var told = Timeline.await(DEVICE + " told of", () -> seen.since(fails));
      times.add(Duration.between(happened, told).toMillis() / 1000.0);
    }
    return times;
  }

  /// The event is a true one of the kernel's, but of a device that is not recorded: of those that
  /// are, the kernel knows nothing.
  ///
  /// @return when the event was
  private static Instant happen(Host host, boolean fails) {
    var script =
        """
        printf 'TOTAL_ERR_FATAL %%d\\n' %d >%s/sys/bus/pci/devices/%s/aer_dev_fatal
        date +%%s%%3N
        """
                .formatted(fails ? 1 : 0, RecordedHardware.FOLDER, GPU)
            + Devices.KERNEL_EVENT;
    return Instant.ofEpochMilli(Long.parseLong(host.sh(script).strip()));
  }

  private static void report(Report report, List<Double> times) {
    report.figure(
        "device_slice_update_s",
        Statistics.median(times),
        "s",
        AIM_S,
        "kernel's event → changed ResourceSlice");
    report.figure(
        "device_slice_update_p95_s", Statistics.percentile(times, 95), "s", AIM_S, "the same");
    var samples = new LinkedHashMap<String, Object>();
    samples.put("s", times);
    report.samples("device_slice_update", samples);
  }

  /// When the device was first offered as failed, and as well, since this was made to forget it.
  private static final class Seen {
    private final Map<Boolean, Instant> first = new ConcurrentHashMap<>();

    void forget() {
      first.clear();
    }

    /// Null for not yet.
    Instant since(boolean failed) {
      return first.get(failed);
    }

    private void look(ResourceSlice slice) {
      slice.getSpec().getDevices().stream()
          .filter(device -> device.getName().equals(DEVICE))
          .forEach(device -> first.putIfAbsent(!device.getTaints().isEmpty(), Instant.now()));
    }
  }
}
