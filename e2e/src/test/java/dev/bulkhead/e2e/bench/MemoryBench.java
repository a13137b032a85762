package dev.bulkhead.e2e.bench;

import dev.bulkhead.e2e.Deployment;
import dev.bulkhead.e2e.Host;
import dev.bulkhead.e2e.Hosts;
import dev.bulkhead.e2e.Lab;
import dev.bulkhead.e2e.Manifests;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/// What an idle VM takes beyond its guest's memory: its QEMU, its keeper, and what operator, agent
/// and libvirtd grow by, as the slope of a line through 1 to 18 VMs (whose CPU requests fill the
/// node) on one node. All in PSS.
record MemoryBench(Lab lab, Hosts hosts) {
  private static final List<Integer> STEPS = List.of(1, 2, 4, 8, 12, 16, 18);
  private static final double AIM_MIB = 8;
  private static final long GUEST_KIB = 96 * 1024L;

  /// What a burst of starts leaves behind is given back, or shows that it is not.
  private static final Duration SETTLE = Duration.ofSeconds(10);

  void run(Report report) {
    var host = hosts.on(lab.firstNode());
    var ours = new ArrayList<Map<String, Double>>();
    var started = 0;
    for (var step : STEPS) {
      var first = started;
      for (; started < step; started++) {
        lab.apply(Manifests.tinyGuest("idle-" + started, Manifests.onNode(host.name())));
      }
      for (int i = first; i < step; i++) {
        lab.awaitRunning("idle-" + i, Duration.ofMinutes(3));
        lab.awaitGet("client-1", "http://" + address("idle-" + i) + "/");
      }
      settle();
      ours.add(sizes(host, step));
    }
    report(report, host, ours);
  }

  private String address(String vm) {
    return lab.vm(vm).get().getStatus().getGuest().getIp();
  }

  private static void settle() {
    Awaitility.await().pollDelay(SETTLE).timeout(SETTLE.plusSeconds(10)).until(() -> true);
  }

  private Map<String, Double> sizes(Host host, int vms) {
    var sizes = new LinkedHashMap<String, Double>();
    sizes.put("vms", (double) vms);
    sizes.put("agent", ProcessMemory.of(host, host.agentPid()).pssMib());
    sizes.put("libvirtd", ProcessMemory.of(host, host.libvirtdPid()).pssMib());
    var operators = 0.0;
    for (var pod : Deployment.operatorPods(lab.client())) {
      var there = hosts.on(pod.getSpec().getNodeName());
      var pid = there.operatorPids(pod.getMetadata().getName()).getFirst();
      operators += ProcessMemory.of(there, pid).pssMib();
    }
    sizes.put("operators", operators);
    return sizes;
  }

  private void report(Report report, Host host, List<Map<String, Double>> ours) {
    var vms = column(ours, "vms");
    var total = 0.0;
    for (var what : List.of("agent", "libvirtd", "operators")) {
      var slope = Statistics.slope(vms, column(ours, what));
      report.figure(
          "overhead_%s_mib_per_vm".formatted(what),
          slope,
          "MiB",
          "growth by VM, line through 1-18 VMs");
      total += slope;
    }
    var keepers = new ArrayList<Double>();
    var qemus = new ArrayList<Double>();
    for (int i = 0; i < STEPS.getLast(); i++) {
      keepers.add(ProcessMemory.of(host, host.keeperOf(lab, "idle-" + i)).pssMib());
      qemus.add(ProcessMemory.of(host, host.qemuOf(lab, "idle-" + i), GUEST_KIB).beyondGuestMib());
    }
    var keeper = Statistics.mean(keepers);
    report.figure("overhead_keeper_mib_per_vm", keeper, "MiB", "PSS of a keeper, mean");
    report.figure(
        "overhead_mib_per_vm",
        total + keeper,
        "MiB",
        AIM_MIB,
        "ours in all, beyond guest and QEMU");
    report.figure(
        "qemu_mib_per_vm",
        Statistics.mean(qemus),
        "MiB",
        "QEMU's own, beyond the guest's memory, mean");
    report.figure(
        "vm_request_beyond_guest_mib",
        budgetMib("idle-0"),
        "MiB",
        "what the operator adds to the pod's request");
    report.samples(
        "memory", Map.of("steps", ours, "keepers", keepers, "qemus_beyond_guest", qemus));
  }

  private double budgetMib(String vm) {
    var pod = lab.client().pods().inNamespace(lab.namespace()).withName(vm).get();
    var request =
        pod.getSpec().getContainers().getFirst().getResources().getRequests().get("memory");
    return Quantity.getAmountInBytes(request).doubleValue() / (1024 * 1024) - GUEST_KIB / 1024.0;
  }

  private static List<Double> column(List<Map<String, Double>> rows, String name) {
    return rows.stream().map(row -> row.get(name)).toList();
  }
}
