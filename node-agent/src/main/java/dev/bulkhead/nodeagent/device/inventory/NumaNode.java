package dev.bulkhead.nodeagent.device.inventory;

/// A NUMA node of a host that has several.
///
/// @param lends whether a guest's memory may be taken from there: it has some, and the node's
///     processes may use it
public record NumaNode(int number, boolean lends) {}
