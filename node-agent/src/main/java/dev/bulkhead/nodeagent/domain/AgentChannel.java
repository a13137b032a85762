package dev.bulkhead.nodeagent.domain;

/// The channel on which qemu-guest-agent listens in the guest.
public record AgentChannel(String socket) implements Device {
  @Override
  public Element element() {
    return Element.of("channel")
        .with("type", "unix")
        .add(
            Element.of("source").with("mode", "bind").with("path", socket),
            Element.of("target").with("type", "virtio").with("name", "org.qemu.guest_agent.0"));
  }
}
