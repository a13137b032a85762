package dev.bulkhead.operator.virtualmachine;

/// Conditions of a VirtualMachine. Part of the API.
enum ConditionType {
  /// Services send traffic to it.
  Ready,
  /// It has a node.
  Scheduled,
  /// Its vCPUs run.
  Running,
  /// It runs, but not as the spec now says.
  RestartRequired
}
