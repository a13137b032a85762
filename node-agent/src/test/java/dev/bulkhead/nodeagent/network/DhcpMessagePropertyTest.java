package dev.bulkhead.nodeagent.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

class DhcpMessagePropertyTest {

  @Property
  void noOptionsOfAGuestBreakTheParser(@ForAll @Size(max = 300) byte[] options) {
    var packet = ByteBuffer.allocate(240 + options.length);
    packet.put((byte) 1).put((byte) 1).put((byte) 6).putInt(236, 0x63825363);
    packet.put(240, options);

    var message = DhcpMessage.parse(packet.clear());

    message.ifPresent(m -> assertThat(m.options().values()).allMatch(v -> v.length <= 255));
  }

  @Property
  void noPacketOfAGuestBreaksTheParser(@ForAll byte[] packet) {
    DhcpMessage.parse(ByteBuffer.wrap(packet))
        .ifPresent(message -> assertThat(message.mac()).hasSize(17));
  }

  @Property
  void aMessageIsReadBackAsItWasWritten(
      @ForAll int transaction,
      @ForAll boolean broadcast,
      @ForAll int client,
      @ForAll @Size(6) byte[] mac,
      @ForAll @Size(max = 255) byte[] option) {
    var message =
        new DhcpMessage(
            DhcpMessage.REQUEST_OP,
            transaction,
            broadcast,
            Ipv4.of(client),
            Ipv4.ANY,
            HexFormat.ofDelimiter(":").formatHex(mac),
            Map.of(12, option));

    var read = DhcpMessage.parse(message.toBytes()).orElseThrow();

    assertThat(read).usingRecursiveComparison().isEqualTo(message);
  }
}
