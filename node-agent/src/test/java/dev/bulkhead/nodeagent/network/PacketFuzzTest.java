package dev.bulkhead.nodeagent.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.mutation.Mutations;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class PacketFuzzTest {

  @Test
  void noPacketBreaksTheParser() {
    Mutations.tryAll(
        15_000,
        text ->
            DhcpMessage.parse(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)))
                .ifPresent(
                    message -> {
                      assertThat(message.type()).isNotNull();
                      assertThat(message.address(DhcpMessage.REQUESTED_ADDRESS)).isNotNull();
                      assertThat(message.mac()).hasSize(17);
                    }),
        packet(Map.of(DhcpMessage.TYPE, new byte[] {1})),
        packet(
            Map.of(
                DhcpMessage.TYPE,
                new byte[] {3},
                DhcpMessage.REQUESTED_ADDRESS,
                new byte[] {10, 0, 2, 2},
                12,
                "web".getBytes(StandardCharsets.US_ASCII))));
  }

  private static String packet(Map<Integer, byte[]> options) {
    var message =
        new DhcpMessage(
            DhcpMessage.REQUEST_OP, 7, true, Ipv4.ANY, Ipv4.ANY, "02:00:00:00:00:01", options);
    return StandardCharsets.ISO_8859_1.decode(message.toBytes()).toString();
  }

  @Test
  void noResolvConfBreaksTheParser() {
    Mutations.tryAll(
        10_000,
        text -> assertThat(ResolvConf.parse(text.lines().toList()).nameservers()).isNotNull(),
        "search shop.svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
        "nameserver fd00::1\nnameserver 8.8.8.8\n# comment\n");
  }
}
