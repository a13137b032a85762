package dev.bulkhead.nodeagent.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DhcpResponderTest {
  private static final Inet4Address GUEST = Ipv4.parse("10.0.2.2");
  private static final Inet4Address SERVER = Ipv4.parse("10.0.2.1");
  private static final Lease LEASE =
      new Lease(
          "02:00:00:00:00:01",
          GUEST,
          Ipv4.parse("255.255.255.0"),
          SERVER,
          List.of(Ipv4.parse("10.96.0.10")),
          List.of("shop.svc.cluster.local", "cluster.local"),
          1450,
          "web");

  @Test
  void offersAllThatAGuestNeedsToKnow() {
    var offer = answer(message(DhcpMessage.Type.DISCOVER)).orElseThrow().message();

    assertThat(offer.type()).contains(DhcpMessage.Type.OFFER);
    assertThat(offer.yourAddress()).isEqualTo(GUEST);
    assertThat(offer.address(DhcpMessage.SERVER)).contains(SERVER);
    assertThat(offer.address(1)).contains(Ipv4.parse("255.255.255.0"));
    assertThat(offer.address(3)).contains(SERVER);
    assertThat(offer.address(6)).contains(Ipv4.parse("10.96.0.10"));
    assertThat(offer.options().get(12)).asString(StandardCharsets.US_ASCII).isEqualTo("web");
    assertThat(ByteBuffer.wrap(offer.options().get(26)).getShort()).isEqualTo((short) 1450);
    assertThat(ByteBuffer.wrap(offer.options().get(51)).getInt()).isEqualTo(0xffffffff);
    assertThat(offer.options().get(119))
        .asString(StandardCharsets.US_ASCII)
        .isEqualTo("\4shop\3svc\7cluster\5local\0\7cluster\5local\0");
  }

  @Test
  void grantsTheAddressThatItOffered() {
    var request = message(DhcpMessage.Type.REQUEST);
    request.options().put(DhcpMessage.SERVER, SERVER.getAddress());
    request.options().put(DhcpMessage.REQUESTED_ADDRESS, GUEST.getAddress());

    assertThat(answer(request).orElseThrow().message().type()).contains(DhcpMessage.Type.ACK);
  }

  @Test
  void renewsByTheClientsOwnAddress() {
    var renewal = message(DhcpMessage.Type.REQUEST, GUEST, false);

    assertThat(answer(renewal).orElseThrow().message().type()).contains(DhcpMessage.Type.ACK);
  }

  @Test
  void deniesAnyOtherAddressSoThatTheGuestAsksAnew() {
    var request = message(DhcpMessage.Type.REQUEST);
    request.options().put(DhcpMessage.REQUESTED_ADDRESS, Ipv4.parse("192.168.1.7").getAddress());

    var answer = answer(request).orElseThrow();

    assertThat(answer.message().type()).contains(DhcpMessage.Type.NAK);
    assertThat(answer.message().yourAddress()).isEqualTo(Ipv4.ANY);
    assertThat(answer.to()).isEqualTo(Ipv4.BROADCAST);
  }

  @Test
  void staysSilentWhenTheGuestChoseAnotherServer() {
    var request = message(DhcpMessage.Type.REQUEST);
    request.options().put(DhcpMessage.SERVER, Ipv4.parse("10.0.2.9").getAddress());

    assertThat(answer(request)).isEmpty();
  }

  @Test
  void informsWithoutGrantingAnAddress() {
    var reply = answer(message(DhcpMessage.Type.INFORM, GUEST, false)).orElseThrow().message();

    assertThat(reply.type()).contains(DhcpMessage.Type.ACK);
    assertThat(reply.yourAddress()).isEqualTo(Ipv4.ANY);
    assertThat(reply.options()).doesNotContainKey(51).containsKey(6);
  }

  @ParameterizedTest
  @CsvSource({"true, 255.255.255.255", "false, 10.0.2.2"})
  void broadcastsOnlyToClientsThatAskForIt(boolean broadcast, String to) {
    var discover = message(DhcpMessage.Type.DISCOVER, Ipv4.ANY, broadcast);

    assertThat(answer(discover).orElseThrow().to()).isEqualTo(Ipv4.parse(to));
  }

  @ParameterizedTest
  @EnumSource(names = {"OFFER", "ACK", "NAK"})
  void staysSilentToServersWords(DhcpMessage.Type type) {
    assertThat(answer(message(type))).isEmpty();
  }

  @Test
  void staysSilentToOtherCardsThanTheGuests() {
    var stranger =
        new DhcpMessage(
            DhcpMessage.REQUEST_OP,
            7,
            false,
            Ipv4.ANY,
            Ipv4.ANY,
            "02:00:00:00:00:99",
            options(DhcpMessage.Type.DISCOVER));

    assertThat(answer(stranger)).isEmpty();
  }

  @Test
  void neverOutgrowsWhatEveryClientTakes() {
    var dns = LEASE.server();
    var name = "a".repeat(60) + "." + "b".repeat(60);
    var longest =
        new Lease(
            LEASE.mac(),
            GUEST,
            LEASE.netmask(),
            SERVER,
            List.of(dns, dns, dns, dns),
            List.of(name, name, "c"),
            1500,
            "h".repeat(63));

    var offer =
        DhcpResponder.answer(message(DhcpMessage.Type.DISCOVER), longest).orElseThrow().message();

    assertThat(offer.options().get(119)).hasSize(61 + 61 + 1);
    assertThat(offer.options().get(6)).hasSize(3 * 4);
    assertThat(offer.toBytes().limit()).isLessThanOrEqualTo(DhcpMessage.MAX_LENGTH);
  }

  private static Optional<DhcpResponder.Answer> answer(DhcpMessage message) {
    return DhcpResponder.answer(message, LEASE);
  }

  private static DhcpMessage message(DhcpMessage.Type type) {
    return message(type, Ipv4.ANY, false);
  }

  private static DhcpMessage message(
      DhcpMessage.Type type, Inet4Address client, boolean broadcast) {
    return new DhcpMessage(
        DhcpMessage.REQUEST_OP, 7, broadcast, client, Ipv4.ANY, LEASE.mac(), options(type));
  }

  private static Map<Integer, byte[]> options(DhcpMessage.Type type) {
    var options = new LinkedHashMap<Integer, byte[]>();
    options.put(DhcpMessage.TYPE, new byte[] {type.code});
    return options;
  }
}
