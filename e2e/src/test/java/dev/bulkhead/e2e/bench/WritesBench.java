package dev.bulkhead.e2e.bench;

import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import dev.bulkhead.e2e.AuditLog;
import dev.bulkhead.e2e.AuditLog.Write;
import dev.bulkhead.e2e.Hosts;
import dev.bulkhead.e2e.Lab;
import dev.bulkhead.e2e.Manifests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/// What starting, stopping and deleting a VM writes to the API, by the API server's audit log.
record WritesBench(Lab lab, Hosts hosts) {
  private static final int LIVES = 5;
  private static final double AIM = 3;

  /// Longer than any state that is worth a write takes to be written.
  private static final Duration QUIET = Duration.ofSeconds(5);

  void run(Report report) {
    var writes = new LinkedHashMap<String, List<Write>>();
    for (int life = 0; life < LIVES; life++) {
      var name = "writes-" + life;
      add(writes, "start", () -> start(name));
      add(writes, "stop", () -> stop(name));
      add(writes, "delete of a stopped VM", () -> delete(name));
      add(writes, "start", () -> start(name));
      add(writes, "delete of a running VM", () -> delete(name));
    }
    report.figure(
        "api_writes_per_start",
        ours(writes, "start", 2 * LIVES),
        "",
        AIM,
        "by operator and agent, Events aside");
    report.figure("api_writes_per_stop", ours(writes, "stop", LIVES), "", "power: Stopped");
    report.figure(
        "api_writes_per_delete",
        ours(writes, "delete of a running VM", LIVES),
        "",
        "of a running VM");
    var counts = new LinkedHashMap<String, Map<String, Long>>();
    writes.forEach((what, list) -> counts.put(what, counted(list)));
    report.samples("api_writes", counts);
  }

  private void start(String name) {
    lab.apply(Manifests.tinyGuest(name));
    lab.awaitRunning(name);
  }

  private void stop(String name) {
    lab.patch(name, "{\"spec\":{\"power\":\"Stopped\"}}");
    lab.awaitPhase(name, Phase.Stopped);
    lab.awaitNoPod(name);
  }

  private void delete(String name) {
    lab.delete("vm/" + name);
    lab.awaitNoPod(name);
  }

  private void add(Map<String, List<Write>> writes, String what, Runnable step) {
    var before = all().size();
    step.run();
    awaitQuiet();
    var after = all();
    writes
        .computeIfAbsent(what, _ -> new ArrayList<>())
        .addAll(after.subList(before, after.size()));
  }

  private void awaitQuiet() {
    var last = new AtomicInteger(-1);
    Awaitility.await("no more writes")
        .atMost(Duration.ofMinutes(1))
        .pollDelay(Duration.ZERO)
        .pollInterval(QUIET)
        .until(
            () -> {
              var now = all().size();
              return last.getAndSet(now) == now;
            });
  }

  private List<Write> all() {
    return new AuditLog(hosts.controlPlane()).writesIn(lab.namespace());
  }

  private static double ours(Map<String, List<Write>> writes, String what, int times) {
    return (double) writes.get(what).stream().filter(Write::isOurs).count() / times;
  }

  private static Map<String, Long> counted(List<Write> writes) {
    var counts = new TreeMap<String, Long>();
    writes.forEach(write -> counts.merge(write.toString(), 1L, Long::sum));
    return counts;
  }
}
