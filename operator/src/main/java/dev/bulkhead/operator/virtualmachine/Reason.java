package dev.bulkhead.operator.virtualmachine;

/// Reasons of the conditions of a VirtualMachine. Part of the API.
enum Reason {
  /// The guest's vCPUs run.
  Running,
  Paused,
  /// Its vCPUs are halted until its node has room for what it writes.
  OutOfSpace,
  /// Its vCPUs are halted, for a reason that only a newer operator knows.
  UnknownState,
  /// On its way, nothing wrong.
  Starting,
  /// On its way, but something keeps its node from starting it; the node tries again.
  StartDelayed,
  /// Its pod is going away.
  Stopping,
  /// By `spec.power`.
  Stopped,

  /// It ended and is started again later.
  BackOff,
  /// It ended and stays so.
  PoweredOff,
  Crashed,
  Evicted,
  /// It never ran; it is tried again.
  StartFailed,

  Scheduled,
  Unschedulable,
  QuotaExceeded,
  /// The API server or kubelet refuses the pod.
  PodRefused,
  /// Another pod has the VM's name.
  NameTaken,
  /// The pod of a deleted VM of the same name is still going away.
  PreviousPodTerminating,
  ImageUnavailable,
  VolumeUnavailable,
  DeviceUnavailable,
  NodeNotResponding,

  /// The guest has the devices of its spec, and no others.
  Attached,
  /// One is on its way to it.
  Attaching,
  /// One is being taken from it.
  Detaching,

  /// The running guest is not what the spec says.
  SpecChanged,
  UpToDate
}
