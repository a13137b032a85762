package dev.bulkhead.nodeagent.domain;

/// A virtio network card on a tap device that libvirt makes and the agent then moves.
///
/// @param tap at most 15 characters (IFNAMSIZ)
/// @param mtu in bytes, as the pod's own interface has it
public record NetworkInterface(String mac, String tap, int mtu) implements Device {
  @Override
  public Element element() {
    return Element.of("interface")
        .with("type", "ethernet")
        .add(
            Element.of("mac").with("address", mac),
            Element.of("target").with("dev", tap),
            Element.of("model").with("type", "virtio"),
            Element.of("mtu").with("size", mtu),
            // No network boot, and so no option ROM to run at every start.
            Element.of("rom").with("enabled", "no"));
  }
}
