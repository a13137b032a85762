package dev.bulkhead.crds;

/// The names by which operator, node agent, chart and users find each other's words. Each is part
/// of the API: changing one breaks a running cluster.
public final class Contract {
  public static final String GROUP = "bulkhead.dev";
  public static final String VERSION = "v1alpha1";

  /// Label of a VM's pod: the VM's name. The agent watches pods that have it.
  public static final String VM_LABEL = "bulkhead.dev/vm";

  /// Annotation of a VM's pod, by the operator, never changed: the guest to run, a `GuestSpec` as
  /// JSON.
  public static final String GUEST_ANNOTATION = "bulkhead.dev/guest";

  /// Annotation of a VM's pod, by the operator: `Running` or `Paused`, the one wish that may change
  /// while the pod lives.
  public static final String POWER_ANNOTATION = "bulkhead.dev/power";

  /// Annotation of a VM's pod, by the operator, never changed: labels and spec of the VM that the
  /// pod was made from, so that a later edit can be named field by field.
  public static final String MADE_FROM_ANNOTATION = "bulkhead.dev/made-from";

  /// Annotation of a VM's pod, by the operator: `DetachedDevices`. The pod keeps their claims, for
  /// a running pod's cannot change.
  public static final String DETACHED_ANNOTATION = "bulkhead.dev/detached";

  /// Label of a pod that only holds a claim, for a guest that ran before it was asked for: the VM's
  /// name. The VM's pod owns it, and its node agent gives the guest what the claim has.
  public static final String DEVICE_OF_LABEL = "bulkhead.dev/device-of";

  /// Annotation of such a pod: name of the entry in `spec.devices`.
  public static final String DEVICE_ANNOTATION = "bulkhead.dev/device";

  /// Argument by which the keeper's program only waits until its pod is deleted.
  public static final String HOLD_ARGUMENT = "hold";

  /// Annotation of a VM's pod, by the node agent: what became of the guest, a `GuestReport` as
  /// JSON.
  public static final String REPORT_ANNOTATION = "bulkhead.dev/report";

  /// Pod condition and readiness gate, by the node agent: True while the guest's vCPUs run, so that
  /// Services send traffic to running guests only.
  public static final String GUEST_RUNNING_CONDITION = "bulkhead.dev/GuestRunning";

  /// Node label, by the node agent: `kvm` or `tcg`.
  public static final String ACCELERATOR_LABEL = "bulkhead.dev/accelerator";

  /// Node condition, by the node agent: True where guests run under QEMU's TCG, for lack of KVM.
  public static final String EMULATION_CONDITION = "bulkhead.dev/Emulation";

  /// Node condition, by the node agent: True where it gives devices away; its message has those
  /// that it keeps, and why. Absent where it may give none.
  public static final String DEVICES_CONDITION = "bulkhead.dev/Devices";

  /// Driver of the nodes' ResourceSlices, and domain of their devices' attributes.
  public static final String DEVICE_DRIVER = "bulkhead.dev";

  /// Field managers of server-side apply.
  public static final String OPERATOR_FIELD_MANAGER = "bulkhead-operator";

  public static final String AGENT_FIELD_MANAGER = "bulkhead-node-agent";

  /// The only container of a VM's pod. It sleeps; QEMU is moved into its cgroup.
  public static final String KEEPER_CONTAINER = "keeper";

  /// Where kubelet mounts the pod's volumes in the keeper. Below it: `disks/<disk>` (an image
  /// volume or an emptyDir), `scratch` (emptyDir: overlays, the NoCloud disk, UEFI variables),
  /// `kernel` (image volume), `user-data/userData` (the secret's key).
  public static final String VOLUMES = "/volumes";

  /// Exit codes of the keeper, and so the end of the pod: the guest powered itself off, or was shut
  /// down because its pod is deleted.
  public static final int EXIT_POWERED_OFF = 0;

  /// QEMU died or was killed, or the guest's kernel crashed.
  public static final int EXIT_CRASHED = 1;

  /// The guest never ran: the termination message says why.
  public static final int EXIT_START_FAILED = 2;

  private Contract() {}
}
