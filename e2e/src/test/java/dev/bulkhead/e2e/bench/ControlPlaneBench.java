package dev.bulkhead.e2e.bench;

import dev.bulkhead.e2e.Deployment;
import dev.bulkhead.e2e.Host;
import dev.bulkhead.e2e.Hosts;
import dev.bulkhead.e2e.Lab;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What all that the chart installs takes, without one VM: every process of every container of ours
/// on the bed's three machines.
record ControlPlaneBench(Lab lab, Hosts hosts) {
  private static final double AIM_MIB = 512;
  private static final double BYTES_PER_MIB = 1024 * 1024;

  void run(Report report) {
    var processes = new LinkedHashMap<String, ProcessMemory>();
    for (var pod : Deployment.operatorPods(lab.client())) {
      var host = hosts.on(pod.getSpec().getNodeName());
      processes.put(
          "operator " + pod.getMetadata().getName(),
          of(host, host.operatorPids(pod.getMetadata().getName())));
    }
    hosts
        .workers()
        .forEach(
            host -> {
              processes.put("node agent on " + host.name(), of(host, host.agentPids()));
              processes.put("libvirtd on " + host.name(), of(host, host.libvirtdPids()));
            });
    var leader = Deployment.leader(lab.client()).getMetadata().getName();
    report.figure(
        "operator_rss_mib",
        processes.get("operator " + leader).rssMib(),
        "MiB",
        "RSS of the operator that leads, no VM");
    report.figure(
        "agent_rss_mib", mean(processes, "node agent"), "MiB", "RSS of a node agent, no VM, mean");
    report.figure(
        "libvirtd_rss_mib", mean(processes, "libvirtd"), "MiB", "RSS of a libvirtd, no VM, mean");
    report.figure(
        "control_plane_rss_mib",
        processes.values().stream().mapToDouble(ProcessMemory::rssMib).sum(),
        "MiB",
        AIM_MIB,
        "RSS of all installed, 3 machines");
    report.figure(
        "control_plane_requests_mib",
        requests("memory") / BYTES_PER_MIB,
        "MiB",
        "memory that all installed requests");
    report.figure(
        "control_plane_requests_cpu", requests("cpu"), "cores", "CPU that all installed requests");
    report.samples("control_plane", processes);
  }

  /// A container of ours has one process, or a restart is under way.
  private static ProcessMemory of(Host host, List<Long> pids) {
    if (pids.size() != 1) {
      throw new IllegalStateException(
          "expected one process on %s, found %s".formatted(host.name(), pids));
    }
    return ProcessMemory.of(host, pids.getFirst());
  }

  private static double mean(Map<String, ProcessMemory> processes, String prefix) {
    return processes.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(prefix))
        .mapToDouble(entry -> entry.getValue().rssMib())
        .average()
        .orElseThrow();
  }

  private double requests(String resource) {
    return Deployment.pods(lab.client()).stream()
        .map(Pod::getSpec)
        .flatMap(spec -> spec.getContainers().stream())
        .map(Container::getResources)
        .map(resources -> resources.getRequests().get(resource))
        .mapToDouble(quantity -> Quantity.getAmountInBytes(quantity).doubleValue())
        .sum();
  }
}
