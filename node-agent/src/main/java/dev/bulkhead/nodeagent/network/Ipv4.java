package dev.bulkhead.nodeagent.network;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/// IPv4 addresses without any look-up of names.
final class Ipv4 {
  static final Inet4Address ANY = of(0);
  static final Inet4Address BROADCAST = of(-1);

  private Ipv4() {}

  static Inet4Address of(int bits) {
    try {
      return (Inet4Address)
          InetAddress.getByAddress(ByteBuffer.allocate(Integer.BYTES).putInt(bits).array());
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }

  /// Dotted quad; throws `IllegalArgumentException` for anything else.
  static Inet4Address parse(String text) {
    return Inet4Address.ofLiteral(text);
  }
}
