package dev.bulkhead.nodeagent.network;

import dev.bulkhead.nodeagent.pod.PodUid;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/// Answers the DHCP messages of all guests of the node, on one thread. Each guest has a socket in
/// its own pod's network namespace, so nothing but that guest can be heard or reached by it.
final class DhcpServer implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(DhcpServer.class);
  private static final int SERVER_PORT = 67;
  private static final int CLIENT_PORT = 68;

  /// An Ethernet frame's worth; a longer message is no DHCP message.
  private static final int MAX_REQUEST = 1500;

  private final Selector selector;
  private final Map<PodUid, DatagramChannel> channels = new ConcurrentHashMap<>();

  DhcpServer() {
    try {
      selector = Selector.open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofPlatform().name("dhcp").daemon().start(this::run);
  }

  /// Opens the socket in the network namespace of the calling thread.
  static DatagramChannel open() throws IOException {
    var channel = DatagramChannel.open();
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.SO_BROADCAST, true);
    channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    channel.bind(new InetSocketAddress(Ipv4.ANY, SERVER_PORT));
    return channel;
  }

  /// Takes over the channel; one that served the pod before is closed.
  void serve(PodUid pod, DatagramChannel channel, Lease lease) throws IOException {
    stop(pod);
    channels.put(pod, channel);
    channel.register(selector, SelectionKey.OP_READ, lease);
    selector.wakeup();
  }

  void stop(PodUid pod) {
    var channel = channels.remove(pod);
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        LOG.debugf("pod %s: closing its DHCP socket: %s", pod, e.getMessage());
      }
      // A closed channel keeps its descriptor until the selector has looked again.
      selector.wakeup();
    }
  }

  private void run() {
    try {
      while (selector.isOpen()) {
        selector.select(this::answer);
      }
    } catch (ClosedSelectorException closed) {
      LOG.debug("DHCP server closed");
    } catch (IOException e) {
      throw new UncheckedIOException("DHCP for all guests has ended", e);
    }
  }

  private void answer(SelectionKey key) {
    var channel = (DatagramChannel) key.channel();
    var lease = (Lease) key.attachment();
    try {
      var packet = ByteBuffer.allocate(MAX_REQUEST);
      if (channel.receive(packet) == null) {
        return;
      }
      var answer =
          DhcpMessage.parse(packet.flip()).flatMap(message -> DhcpResponder.answer(message, lease));
      if (answer.isPresent()) {
        channel.send(
            answer.get().message().toBytes(),
            new InetSocketAddress(answer.get().to(), CLIENT_PORT));
      }
    } catch (ClosedChannelException e) {
      LOG.debugf("DHCP socket of %s closed", lease.hostname());
    } catch (IOException | RuntimeException e) {
      // One guest's packet must not silence all others.
      LOG.warnf("DHCP answer to guest %s failed: %s", lease.hostname(), e.getMessage());
    }
  }

  @Override
  public void close() throws IOException {
    selector.close();
    for (var channel : channels.values()) {
      channel.close();
    }
  }
}
