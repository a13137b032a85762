package dev.bulkhead.nodeagent.network;

import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// One DHCP message (RFC 2131, 2; options RFC 2132). Parsing believes nothing: it comes from a
/// guest.
///
/// @param options in order; the end and pad options are not among them
record DhcpMessage(
    byte operation,
    int transaction,
    boolean broadcast,
    Inet4Address clientAddress,
    Inet4Address yourAddress,
    String mac,
    Map<Integer, byte[]> options) {

  static final byte REQUEST_OP = 1;
  static final byte REPLY_OP = 2;

  static final int TYPE = 53;
  static final int SERVER = 54;
  static final int REQUESTED_ADDRESS = 50;

  private static final byte ETHERNET = 1;
  private static final byte ETHERNET_LENGTH = 6;
  private static final short BROADCAST_FLAG = (short) 0x8000;
  private static final int RELAY = 24;
  private static final int HARDWARE_ADDRESS = 28;
  private static final int COOKIE = 236;
  private static final int COOKIE_VALUE = 0x63825363;
  private static final int PAD = 0;
  private static final int END = 255;

  /// BOOTP's smallest; some clients drop less (RFC 1542, 2.1).
  private static final int MIN_LENGTH = 300;

  /// Without leave of the client, no message may be longer (RFC 2131, 2).
  static final int MAX_LENGTH = 548;

  /// Empty for what is no request of an Ethernet client on this link.
  static Optional<DhcpMessage> parse(ByteBuffer packet) {
    if (packet.limit() < COOKIE + Integer.BYTES
        || packet.get(0) != REQUEST_OP
        || packet.get(1) != ETHERNET
        || packet.get(2) != ETHERNET_LENGTH
        || packet.getInt(RELAY) != 0
        || packet.getInt(COOKIE) != COOKIE_VALUE) {
      return Optional.empty();
    }
    var mac = new byte[ETHERNET_LENGTH];
    packet.get(HARDWARE_ADDRESS, mac);
    return options(packet)
        .map(
            options ->
                new DhcpMessage(
                    REQUEST_OP,
                    packet.getInt(4),
                    (packet.getShort(10) & BROADCAST_FLAG) != 0,
                    Ipv4.of(packet.getInt(12)),
                    Ipv4.of(packet.getInt(16)),
                    HexFormat.ofDelimiter(":").formatHex(mac),
                    options));
  }

  private static Optional<Map<Integer, byte[]>> options(ByteBuffer packet) {
    var options = new LinkedHashMap<Integer, byte[]>();
    int at = COOKIE + Integer.BYTES;
    while (at < packet.limit()) {
      int code = Byte.toUnsignedInt(packet.get(at++));
      if (code == END) {
        break;
      }
      if (code == PAD) {
        continue;
      }
      if (at >= packet.limit()) {
        return Optional.empty();
      }
      int length = Byte.toUnsignedInt(packet.get(at++));
      if (at + length > packet.limit()) {
        return Optional.empty();
      }
      var value = new byte[length];
      packet.get(at, value);
      options.put(code, value);
      at += length;
    }
    return Optional.of(options);
  }

  ByteBuffer toBytes() {
    var packet = ByteBuffer.allocate(MAX_LENGTH);
    packet.put(operation).put(ETHERNET).put(ETHERNET_LENGTH).put((byte) 0).putInt(transaction);
    packet.putShort((short) 0).putShort(broadcast ? BROADCAST_FLAG : 0);
    packet.put(clientAddress.getAddress()).put(yourAddress.getAddress());
    packet.put(HARDWARE_ADDRESS, HexFormat.ofDelimiter(":").parseHex(mac));
    packet.position(COOKIE).putInt(COOKIE_VALUE);
    options.forEach(
        (code, value) -> packet.put(code.byteValue()).put((byte) value.length).put(value));
    packet.put((byte) END);
    packet.position(Math.max(packet.position(), MIN_LENGTH));
    return packet.flip();
  }

  Optional<Inet4Address> address(int option) {
    return Optional.ofNullable(options.get(option))
        .filter(value -> value.length == Integer.BYTES)
        .map(value -> Ipv4.of(ByteBuffer.wrap(value).getInt()));
  }

  Optional<Type> type() {
    return Optional.ofNullable(options.get(TYPE))
        .filter(value -> value.length == 1)
        .flatMap(value -> Type.of(value[0]));
  }

  enum Type {
    DISCOVER(1),
    OFFER(2),
    REQUEST(3),
    ACK(5),
    NAK(6),
    INFORM(8);

    final byte code;

    Type(int code) {
      this.code = (byte) code;
    }

    static Optional<Type> of(byte code) {
      for (var type : values()) {
        if (type.code == code) {
          return Optional.of(type);
        }
      }
      return Optional.empty();
    }
  }
}
