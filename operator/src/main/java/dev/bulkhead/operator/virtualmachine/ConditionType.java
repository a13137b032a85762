package dev.bulkhead.operator.virtualmachine;

/// Conditions of a VirtualMachine. Part of the API.
enum ConditionType {
  /// Services send traffic to it.
  Ready,
  /// It has a node.
  Scheduled,
  /// Its vCPUs run.
  Running,
  /// Its guest has the devices of its spec. Only while it runs, and if it has any, or should.
  DevicesAttached,
  /// It runs, but not as the spec now says.
  RestartRequired
}
