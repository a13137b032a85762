package dev.bulkhead.nodeagent.apiserver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;

/// The way to the API server, which can be cut as by a broken switch: what is sent is lost, and
/// nobody is told. Connections from before the cut stay dead; new ones work once it is mended.
public final class Link implements AutoCloseable {
  private final ServerSocket entrance;
  private final int target;
  private volatile boolean cut;
  private final AtomicInteger cuts = new AtomicInteger();

  Link(int target) {
    this.target = target;
    try {
      this.entrance = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    start(this::accept);
  }

  int port() {
    return entrance.getLocalPort();
  }

  public void cut() {
    cut = true;
    cuts.incrementAndGet();
  }

  public void mend() {
    cut = false;
  }

  private void accept() {
    try {
      while (true) {
        var here = entrance.accept();
        var there = new Socket(InetAddress.getLoopbackAddress(), target);
        int born = cuts.get();
        start(() -> carry(here, there, born));
        start(() -> carry(there, here, born));
      }
    } catch (IOException closed) {
      // By `close`.
    }
  }

  private void carry(Socket from, Socket to, int born) {
    var buffer = new byte[16 * 1024];
    try {
      for (int read; (read = from.getInputStream().read(buffer)) >= 0; ) {
        if (!cut && born == cuts.get()) {
          to.getOutputStream().write(buffer, 0, read);
        }
      }
      if (!cut && born == cuts.get()) {
        to.close();
      }
    } catch (IOException broken) {
      // As the other end will see.
    }
  }

  private static void start(Runnable task) {
    Thread.ofVirtual().start(task);
  }

  @Override
  public void close() {
    try {
      entrance.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
