package dev.bulkhead.nodeagent.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DhcpMessageTest {
  private static final int OPTIONS = 240;

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void isReadBackAsItWasWritten(boolean broadcast) {
    var message =
        new DhcpMessage(
            DhcpMessage.REQUEST_OP,
            0x01020304,
            broadcast,
            Ipv4.parse("10.0.2.2"),
            Ipv4.parse("10.0.2.3"),
            "02:00:00:00:00:01",
            Map.of(DhcpMessage.TYPE, new byte[] {3}));

    assertThat(DhcpMessage.parse(message.toBytes()).orElseThrow())
        .usingRecursiveComparison()
        .isEqualTo(message);
  }

  @ParameterizedTest
  @CsvSource({
    "0,   2, a reply",
    "1,   6, not Ethernet",
    "2,   8, a hardware address of another length",
    "27,  1, relayed",
    "239, 0, not DHCP",
  })
  void isNoneUnlessAnEthernetClientOfThisLinkAsks(int at, byte value, String why) {
    assertThat(DhcpMessage.parse(request(255).put(at, value))).as(why).isEmpty();
  }

  @Test
  void needsAllOfItsFixedPart() {
    assertThat(DhcpMessage.parse(request().limit(OPTIONS))).isPresent();
    assertThat(DhcpMessage.parse(request().limit(OPTIONS - 1))).isEmpty();
  }

  @Test
  void readsOptionsUpToTheEndOptionOverAllPadding() {
    var message = DhcpMessage.parse(request(0, 53, 1, 3, 0, 12, 2, 65, 66, 255, 50, 0));

    assertThat(message.orElseThrow().options()).containsOnlyKeys(53, 12);
    assertThat(message.orElseThrow().options().get(12)).containsExactly(65, 66);
    assertThat(message.orElseThrow().type()).contains(DhcpMessage.Type.REQUEST);
  }

  @Test
  void endsWithoutAnEndOptionToo() {
    assertThat(DhcpMessage.parse(request(53, 1, 1)).orElseThrow().type())
        .contains(DhcpMessage.Type.DISCOVER);
  }

  @Test
  void isNoneWhenAnOptionIsCutOff() {
    assertThat(DhcpMessage.parse(request(53))).isEmpty();
    assertThat(DhcpMessage.parse(request(53, 1))).isEmpty();
    assertThat(DhcpMessage.parse(request(12, 2, 65))).isEmpty();
  }

  @Test
  void takesOptionsOfTheWrongLengthForNone() {
    var message = DhcpMessage.parse(request(53, 2, 1, 1, 50, 3, 10, 0, 2)).orElseThrow();

    assertThat(message.type()).isEmpty();
    assertThat(message.address(DhcpMessage.REQUESTED_ADDRESS)).isEmpty();
    assertThat(
            DhcpMessage.parse(request(50, 4, 10, 0, 2, 2))
                .orElseThrow()
                .address(DhcpMessage.REQUESTED_ADDRESS))
        .contains(Ipv4.parse("10.0.2.2"));
  }

  @Test
  void isNeverShorterThanOldClientsTake() {
    var message =
        new DhcpMessage(
            DhcpMessage.REPLY_OP, 1, false, Ipv4.ANY, Ipv4.ANY, "02:00:00:00:00:01", Map.of());

    assertThat(message.toBytes().limit()).isEqualTo(300);
    assertThat(message.toBytes().get(OPTIONS)).isEqualTo((byte) 255);
  }

  private static ByteBuffer request(int... options) {
    var packet = ByteBuffer.allocate(OPTIONS + options.length);
    packet.put((byte) 1).put((byte) 1).put((byte) 6).putInt(236, 0x63825363).position(OPTIONS);
    for (int option : options) {
      packet.put((byte) option);
    }
    return packet.flip();
  }
}
