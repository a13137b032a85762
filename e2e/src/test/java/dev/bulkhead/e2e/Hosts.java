package dev.bulkhead.e2e;

import dev.bulkhead.e2e.bed.Bed;
import java.util.List;
import java.util.stream.Stream;

/// The machines of the cluster under test; only the bed lets tests inside.
public record Hosts(Bed bed) {

  public Host on(String node) {
    return new Host(bed.machine(node));
  }

  public Host controlPlane() {
    return on("cp");
  }

  public Stream<Host> workers() {
    return bed.workers().stream().map(Host::new);
  }

  /// Over all nodes: more than one is the thing that must never happen.
  List<Long> qemusOf(Lab lab, String vm) {
    return workers().flatMap(host -> host.qemusOf(lab, vm).stream()).toList();
  }
}
