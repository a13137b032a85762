package dev.bulkhead.operator.apiserver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;

/// TCP ports of this machine.
public final class Ports {
  private Ports() {}

  public static int free() {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
