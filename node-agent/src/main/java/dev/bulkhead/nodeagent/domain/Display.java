package dev.bulkhead.nodeagent.domain;

/// A VGA card whose picture is served by VNC on a unix socket; no TCP port is ever opened.
public record Display(String socket) implements Device {
  @Override
  public Element element() {
    return Element.of("graphics")
        .with("type", "vnc")
        .add(Element.of("listen").with("type", "socket").with("socket", socket));
  }

  /// The card itself, a sibling in libvirt's schema.
  Element video() {
    return Element.of("video", Element.of("model").with("type", "vga"));
  }
}
