package dev.bulkhead.nodeagent.domain;

import java.util.List;

/// The CPU that the guest sees.
public sealed interface CpuModel {

  /// The node's CPU by its nearest name plus the differences, so that similar nodes can run it.
  record HostModel() implements CpuModel {}

  /// The node's CPU as it is.
  record HostPassthrough() implements CpuModel {}

  /// All that TCG can translate. Without 5-level paging: walking one more level costs every TLB
  /// miss and no guest that fits under TCG needs it.
  record Translated() implements CpuModel {}

  /// One of QEMU's models.
  ///
  /// @param required features on top of the model's own
  /// @param checked whether libvirt shall refuse when the node cannot offer all of it; under TCG
  ///     its check looks at the wrong CPU
  record Named(String name, List<String> required, boolean checked) implements CpuModel {
    public Named {
      required = List.copyOf(required);
    }
  }

  default Element element(Topology topology) {
    return switch (this) {
      case HostModel _ -> cpu("host-model", topology).with("check", "partial");
      case HostPassthrough _ ->
          cpu("host-passthrough", topology).with("check", "none").with("migratable", "on");
      case Translated _ ->
          cpu("maximum", topology)
              .with("check", "none")
              .with("migratable", "on")
              .add(feature("disable", "la57"));
      case Named named ->
          Element.of("cpu")
              .with("mode", "custom")
              .with("match", "exact")
              .with("check", named.checked() ? "partial" : "none")
              .add(Element.text("model", named.name()).with("fallback", "forbid"))
              .add(topology.element())
              .add(named.required().stream().map(f -> feature("require", f)).toList());
    };
  }

  private static Element cpu(String mode, Topology topology) {
    return Element.of("cpu", topology.element()).with("mode", mode);
  }

  private static Element feature(String policy, String name) {
    return Element.of("feature").with("policy", policy).with("name", name);
  }

  /// How the vCPUs are arranged; their number is the product.
  record Topology(int sockets, int cores, int threads) {
    public int vcpus() {
      return sockets * cores * threads;
    }

    Element element() {
      return Element.of("topology")
          .with("sockets", sockets)
          .with("dies", 1)
          .with("cores", cores)
          .with("threads", threads);
    }
  }
}
