package dev.bulkhead.nodeagent.domain;

/// A NUMA node of the guest.
///
/// @param hostNode that its memory is taken from as long as there is some; null for any
public record NumaCell(int id, int firstVcpu, int lastVcpu, long memoryKiB, Integer hostNode) {
  Element element() {
    return Element.of("cell")
        .with("id", id)
        .with("cpus", "%d-%d".formatted(firstVcpu, lastVcpu))
        .with("memory", memoryKiB)
        .with("unit", "KiB");
  }

  Element tuning() {
    return Element.of("memnode")
        .with("cellid", id)
        .with("mode", "preferred")
        .with("nodeset", hostNode);
  }
}
