package dev.bulkhead.nodeagent.device.publish;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.device.offer.Kind;
import dev.bulkhead.nodeagent.device.offer.Offer;
import dev.bulkhead.nodeagent.device.offer.Offered;
import dev.bulkhead.nodeagent.device.offer.Offered.Withheld;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DeviceStatusTest {
  private static Offered offered(List<Offer> offers, int kept) {
    return new Offered(
        offers,
        new TreeMap<>(),
        IntStream.range(0, kept)
            .mapToObj(i -> new Withheld("0000:01:00." + i, "holds /" + i))
            .toList());
  }

  private static Offer offer(String name, String fault) {
    return new Offer(
        name,
        Kind.USB,
        new Offer.Source.Usb("1-1"),
        new TreeMap<>(),
        new TreeMap<>(),
        List.of(),
        fault);
  }

  @Test
  void saysHowManyAreGivenAwayAndWhyOthersAreKept() {
    assertThat(DeviceStatus.of(offered(List.of(offer("usb-1-1", null)), 2), true))
        .isEqualTo(
            new DeviceStatus(
                true, "gives away 1 device; keeps: 0000:01:00.0 holds /0; 0000:01:00.1 holds /1"));
    assertThat(
            DeviceStatus.of(offered(List.of(offer("a", null), offer("b", null)), 0), true)
                .message())
        .isEqualTo("gives away 2 devices");
  }

  @Test
  void namesTheFailedOnes() {
    assertThat(DeviceStatus.of(offered(List.of(offer("usb-1-1", "it burns")), 0), true).message())
        .isEqualTo("gives away 1 device; failed: usb-1-1, it burns");
  }

  @Test
  void aNodeThatMayGiveButHasNothingSaysSo() {
    assertThat(DeviceStatus.of(offered(List.of(), 0), true))
        .isEqualTo(new DeviceStatus(false, "gives away no device"));
  }

  @Test
  void aNodeThatMayGiveNothingSaysNothing() {
    assertThat(DeviceStatus.of(offered(List.of(), 3), false)).isNull();
  }

  @Test
  void countsWhatIsTooMuchToName() {
    assertThat(DeviceStatus.of(offered(List.of(), 101), true).message())
        .contains("0000:01:00.99 holds /99")
        .doesNotContain("0000:01:00.100")
        .endsWith("; and 1 more");
    assertThat(DeviceStatus.of(offered(List.of(), 100), true).message())
        .endsWith("0000:01:00.99 holds /99");
  }
}
