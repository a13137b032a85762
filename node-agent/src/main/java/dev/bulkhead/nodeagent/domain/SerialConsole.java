package dev.bulkhead.nodeagent.domain;

/// The first serial port, on a unix socket, with all output kept in a log file as well.
public record SerialConsole(String socket, String log) implements Device {
  @Override
  public Element element() {
    return Element.of("serial")
        .with("type", "unix")
        .add(
            Element.of("source").with("mode", "bind").with("path", socket),
            Element.of("log").with("file", log).with("append", "on"),
            Element.of("target").with("port", 0));
  }
}
