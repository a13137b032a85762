package dev.bulkhead.nodeagent.device.health;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.device.claim.ClaimRef;
import dev.bulkhead.nodeagent.device.claim.DeviceSettings;
import dev.bulkhead.nodeagent.device.claim.Prepared;
import dev.bulkhead.nodeagent.device.claim.Prepared.PreparedDevice;
import dev.bulkhead.nodeagent.device.health.DeviceHealth.Presence;
import dev.bulkhead.nodeagent.device.health.DeviceHealth.State;
import dev.bulkhead.nodeagent.device.offer.Kind;
import dev.bulkhead.nodeagent.device.offer.Offer;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import dev.bulkhead.nodeagent.device.offer.Offered;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DeviceHealthTest {
  private static final Presence ALL_THERE = _ -> Optional.empty();
  private static final Presence GONE = _ -> Optional.of("0000:01:00.0");

  private static Offer offer(String name, String fault) {
    return new Offer(
        name, Kind.USB, new Source.Usb("1-1"), new TreeMap<>(), new TreeMap<>(), List.of(), fault);
  }

  private static Offered offered(Offer... offers) {
    return new Offered(List.of(offers), new TreeMap<>(), List.of());
  }

  private static List<Prepared> claimed(boolean ready, String... devices) {
    return List.of(
        new Prepared(
            new ClaimRef("shop", "web", "uid"),
            ready,
            Stream.of(devices)
                .map(
                    name ->
                        new PreparedDevice(
                            "device",
                            name,
                            new Source.Usb("1-1"),
                            List.of(),
                            DeviceSettings.Guest.NONE,
                            null))
                .toList(),
            null));
  }

  @Test
  void whatIsOfferedIsHealthyUnlessItHasFailed() {
    assertThat(
            DeviceHealth.of(
                offered(offer("good", null), offer("bad", "3 fatal errors")), List.of(), ALL_THERE))
        .containsExactly(
            new DeviceHealth("bad", State.UNHEALTHY, "3 fatal errors"),
            new DeviceHealth("good", State.HEALTHY, null));
  }

  @Test
  void whatIsClaimedAndFailsIsUnhealthyToItsUser() {
    assertThat(DeviceHealth.of(offered(offer("x", "failed")), claimed(true, "x"), ALL_THERE))
        .containsExactly(new DeviceHealth("x", State.UNHEALTHY, "failed"));
  }

  @Test
  void whatIsClaimedAndGoneIsUnhealthyAlsoWhereAPartOfItIsStillOffered() {
    var gone = new DeviceHealth("x", State.UNHEALTHY, "0000:01:00.0 is not on this node any more");
    assertThat(DeviceHealth.of(offered(), claimed(true, "x"), GONE)).containsExactly(gone);
    assertThat(DeviceHealth.of(offered(offer("x", null)), claimed(true, "x"), GONE))
        .containsExactly(gone);
  }

  /// A node whose administrator takes `devices.allow` back does not look at devices any more.
  @Test
  void ofWhatIsClaimedAndOfferedNoMoreNobodyKnows() {
    assertThat(DeviceHealth.of(Offered.NOTHING, claimed(true, "x"), ALL_THERE))
        .containsExactly(
            new DeviceHealth("x", State.UNKNOWN, "this node would not give it away any more"));
  }

  @Test
  void whatIsStillBeingMadeIsNotMissed() {
    assertThat(DeviceHealth.of(offered(offer("x", null)), claimed(false, "x"), GONE))
        .containsExactly(new DeviceHealth("x", State.HEALTHY, null));
  }
}
