package dev.bulkhead.nodeagent.node;

import dev.bulkhead.nodeagent.domain.Accelerator;
import dev.bulkhead.nodeagent.domain.Boot;
import dev.bulkhead.nodeagent.domain.CpuModel;
import dev.bulkhead.nodeagent.domain.Device;
import dev.bulkhead.nodeagent.domain.Domain;
import dev.bulkhead.nodeagent.hypervisor.Hypervisor;
import java.util.List;

/// Finds out what guests can run with on this node, by running one. That /dev/kvm exists says
/// little: its processor may lack virtualisation, or be itself virtual.
public final class NodeProbe {
  private static final String NAME = "bulkhead-probe";
  private static final String UUID = "b0000000-0000-4000-8000-000000000000";
  private static final long MEMORY_KIB = 16 * 1024;

  private NodeProbe() {}

  /// Takes about a second.
  ///
  /// @param emulation whether TCG may be used where KVM cannot
  public static NodeAccelerator probe(Hypervisor hypervisor, boolean emulation) {
    if (hypervisor.canRun(guest(Accelerator.KVM))) {
      return new NodeAccelerator.Available(Accelerator.KVM);
    }
    return emulation
        ? new NodeAccelerator.Available(Accelerator.TCG)
        : new NodeAccelerator.None(
            "this node cannot run guests: it has no usable KVM, and emulation is turned off. Run the"
                + " VM on a node labelled bulkhead.dev/accelerator=kvm, or install the chart with"
                + " emulation=auto");
  }

  /// Firmware that finds nothing to boot.
  private static Domain guest(Accelerator accelerator) {
    return new Domain(
        NAME,
        UUID,
        UUID,
        accelerator,
        null,
        MEMORY_KIB,
        new CpuModel.HostModel(),
        new CpuModel.Topology(1, 1, 1),
        List.of(),
        new Boot(null, null),
        List.of(new Device.NoUsb()));
  }
}
