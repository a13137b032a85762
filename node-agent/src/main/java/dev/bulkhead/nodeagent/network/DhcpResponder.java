package dev.bulkhead.nodeagent.network;

import java.io.ByteArrayOutputStream;
import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Decides what a guest's DHCP message is answered with: RFC 2131 for a net of one client, whose
/// address is known beforehand and never ends. It answers DISCOVER, REQUEST and INFORM; RELEASE and
/// DECLINE change nothing here and ask for no answer.
final class DhcpResponder {
  /// RFC 2132 and, for 119, RFC 3397.
  private static final int NETMASK = 1;

  private static final int ROUTER = 3;
  private static final int NAMESERVERS = 6;
  private static final int HOSTNAME = 12;
  private static final int MTU = 26;
  private static final int LEASE_TIME = 51;
  private static final int SEARCH = 119;

  private static final int INFINITE = 0xffffffff;

  /// What the other options leave at their longest: 548 bytes of message, less 240 before the
  /// options, 3 of type, 6 each of server, lease time, netmask and router, 14 of name servers, 4 of
  /// MTU, 65 of host name, 2 before the list and the end mark.
  private static final int MAX_SEARCH = 195;

  private DhcpResponder() {}

  /// @param to where to send it, on the client's port
  record Answer(DhcpMessage message, Inet4Address to) {}

  static Optional<Answer> answer(DhcpMessage message, Lease lease) {
    if (!message.mac().equals(lease.mac())) {
      return Optional.empty();
    }
    return message
        .type()
        .flatMap(
            type ->
                switch (type) {
                  case DISCOVER -> Optional.of(grant(DhcpMessage.Type.OFFER, message, lease));
                  case REQUEST -> request(message, lease);
                  case INFORM -> Optional.of(inform(message, lease));
                  case OFFER, ACK, NAK -> Optional.empty();
                });
  }

  private static Optional<Answer> request(DhcpMessage message, Lease lease) {
    var server = message.address(DhcpMessage.SERVER);
    if (server.isPresent() && !server.get().equals(lease.server())) {
      return Optional.empty();
    }
    // Selecting and init-reboot name the address in an option, renewing and rebinding in ciaddr.
    var wanted = message.address(DhcpMessage.REQUESTED_ADDRESS).orElse(message.clientAddress());
    return Optional.of(
        wanted.equals(lease.guest())
            ? grant(DhcpMessage.Type.ACK, message, lease)
            : new Answer(
                reply(message, Ipv4.ANY, typeAndServer(DhcpMessage.Type.NAK, lease)),
                Ipv4.BROADCAST));
  }

  private static Answer grant(DhcpMessage.Type type, DhcpMessage message, Lease lease) {
    var options = typeAndServer(type, lease);
    options.put(LEASE_TIME, number(INFINITE));
    options.putAll(configuration(lease));
    return new Answer(reply(message, lease.guest(), options), destination(message, lease));
  }

  /// The client has its address already: no address and no lease time (RFC 2131, 4.3.5).
  private static Answer inform(DhcpMessage message, Lease lease) {
    var options = typeAndServer(DhcpMessage.Type.ACK, lease);
    options.putAll(configuration(lease));
    return new Answer(reply(message, Ipv4.ANY, options), lease.guest());
  }

  /// RFC 2131, 4.1. A client without an address can be reached by it all the same, as the pod's
  /// neighbour table has it.
  private static Inet4Address destination(DhcpMessage message, Lease lease) {
    return message.broadcast() && message.clientAddress().equals(Ipv4.ANY)
        ? Ipv4.BROADCAST
        : lease.guest();
  }

  private static DhcpMessage reply(
      DhcpMessage message, Inet4Address yours, Map<Integer, byte[]> options) {
    return new DhcpMessage(
        DhcpMessage.REPLY_OP,
        message.transaction(),
        message.broadcast(),
        message.clientAddress(),
        yours,
        message.mac(),
        options);
  }

  private static Map<Integer, byte[]> typeAndServer(DhcpMessage.Type type, Lease lease) {
    var options = new LinkedHashMap<Integer, byte[]>();
    options.put(DhcpMessage.TYPE, new byte[] {type.code});
    options.put(DhcpMessage.SERVER, lease.server().getAddress());
    return options;
  }

  private static Map<Integer, byte[]> configuration(Lease lease) {
    var options = new LinkedHashMap<Integer, byte[]>();
    options.put(NETMASK, lease.netmask().getAddress());
    options.put(ROUTER, lease.server().getAddress());
    if (!lease.nameservers().isEmpty()) {
      options.put(NAMESERVERS, addresses(lease.nameservers()));
    }
    options.put(MTU, ByteBuffer.allocate(Short.BYTES).putShort((short) lease.mtu()).array());
    options.put(HOSTNAME, lease.hostname().getBytes(StandardCharsets.US_ASCII));
    if (!lease.search().isEmpty()) {
      options.put(SEARCH, searchList(lease.search()));
    }
    return options;
  }

  /// At most three, which is all that resolvers use (MAXNS in resolv.h).
  private static byte[] addresses(List<Inet4Address> addresses) {
    var bytes = new ByteArrayOutputStream();
    addresses.stream().limit(3).forEach(address -> bytes.writeBytes(address.getAddress()));
    return bytes.toByteArray();
  }

  /// Names as DNS has them on the wire (RFC 1035, 3.1), as many as fit.
  private static byte[] searchList(List<String> names) {
    var bytes = new ByteArrayOutputStream();
    for (var name : names) {
      var encoded = new ByteArrayOutputStream();
      for (var label : name.split("\\.", -1)) {
        encoded.write(label.length());
        encoded.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
      }
      encoded.write(0);
      if (bytes.size() + encoded.size() > MAX_SEARCH) {
        break;
      }
      bytes.writeBytes(encoded.toByteArray());
    }
    return bytes.toByteArray();
  }

  private static byte[] number(int value) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(value).array();
  }
}
