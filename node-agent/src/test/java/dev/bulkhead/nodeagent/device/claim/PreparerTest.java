package dev.bulkhead.nodeagent.device.claim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bulkhead.nodeagent.device.claim.Allocation.Given;
import dev.bulkhead.nodeagent.device.claim.Prepared.PreparedDevice;
import dev.bulkhead.nodeagent.device.claim.Prepared.Recipient;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.offer.Kind;
import dev.bulkhead.nodeagent.device.offer.Offer;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import dev.bulkhead.nodeagent.device.offer.Offered;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparerTest {
  private static final ClaimRef CLAIM = new ClaimRef("shop", "disks", "uid-1");
  private static final ClaimRef OTHER = new ClaimRef("shop", "more-disks", "uid-2");
  private static final Source FIRST = disk("0000:01:00.0");
  private static final Source SECOND = disk("0000:02:00.0");

  @TempDir private Path folder;

  private final Map<ClaimRef, Allocation> allocations = new HashMap<>();
  private final Map<String, Offer> offers = new HashMap<>();
  private final PlayedBinding binding = new PlayedBinding();
  private final PlayedGuests guests = new PlayedGuests();

  @BeforeEach
  void offerTwoDisks() {
    offers.put("first", offer("first", FIRST));
    offers.put("second", offer("second", SECOND));
    allocations.put(CLAIM, allocation(CLAIM, "first", "second"));
  }

  /// As a new run of the program has it: nothing is remembered but what is in the folder.
  private Preparer preparer() {
    return new Preparer(
        claim -> {
          if (!allocations.containsKey(claim)) {
            throw new IOException(claim + " is gone");
          }
          return allocations.get(claim);
        },
        new PreparedFiles(folder),
        binding,
        () -> new Offered(List.copyOf(offers.values()), new TreeMap<>(), List.of()),
        guests);
  }

  private List<Prepared> written() throws IOException {
    return new PreparedFiles(folder).all();
  }

  /// libvirt would refuse the guest, at each start.
  @Test
  void aMediatedDeviceIsNoneToBootFrom() throws IOException {
    offers.put(
        "shared",
        offer("shared", new Source.Mediated(PciAddress.parse("0000:03:00.0"), "nvidia-35", "u")));
    var booting =
        new DeviceSettings(DeviceSettings.Card.NONE, null, DeviceSettings.Guest.NONE.booting(1));
    allocations.put(
        CLAIM, new Allocation(CLAIM, List.of(new Given("one", "shared", booting)), null));

    assertThatThrownBy(() -> preparer().prepare(CLAIM))
        .hasMessageContaining("device shared is a mediated one, which no guest boots from")
        .hasMessageContaining("take bootOrder out");
    assertThat(binding.taken).isEmpty();
    assertThat(written()).isEmpty();
  }

  private static DeviceSettings sized(String text) {
    return new DeviceSettings(
        DeviceSettings.Card.NONE, new BarSize(text), DeviceSettings.Guest.NONE);
  }

  @Test
  void onlyAWholePciDeviceHasABarToSize() throws IOException {
    var card = PciAddress.parse("0000:03:00.0");
    var none =
        List.of(
            new Source.Mediated(card, "nvidia-35", "u"),
            new Source.VirtualFunction(card, 0, card.plus(1)),
            new Source.Usb("1-4"));
    for (var source : none) {
      offers.put("part", offer("part", source));
      allocations.put(
          CLAIM, new Allocation(CLAIM, List.of(new Given("one", "part", sized("largest"))), null));
      assertThatThrownBy(() -> preparer().prepare(CLAIM))
          .hasMessage(
              "device part is no whole PCI device, and only those have BARs to size:"
                  + " take resizableBar out of its parameters");
    }
    assertThat(binding.taken).isEmpty();
    assertThat(written()).isEmpty();
  }

  @Test
  void nothingIsWrittenNorTakenForADeviceThatCannotBeAsItsClaimWantsIt() throws IOException {
    allocations.put(
        CLAIM,
        new Allocation(
            CLAIM,
            List.of(
                new Given("one", "first", DeviceSettings.NONE),
                new Given("two", "second", sized("16Gi"))),
            null));
    assertThatThrownBy(() -> preparer().prepare(CLAIM))
        .hasMessage("device second has no resizable BAR");
    assertThat(binding.taken).isEmpty();
    assertThat(written()).isEmpty();
  }

  /// Whatever was done since, by whoever was killed.
  @Test
  void aBarIsPutBackToTheSizeThatItHadWhenTheClaimWasBegun() throws IOException {
    var bar = new Binding.Bar(PciAddress.parse("0000:01:00.0"), 1, 8);
    binding.now.put(FIRST, bar);
    allocations.put(
        CLAIM,
        new Allocation(
            CLAIM,
            List.of(
                new Given("one", "first", sized("16Gi")),
                new Given("two", "second", DeviceSettings.NONE)),
            null));
    binding.broken.add(SECOND);
    assertThatThrownBy(() -> preparer().prepare(CLAIM)).isInstanceOf(IOException.class);
    assertThat(binding.now.get(FIRST).size()).isEqualTo(14);
    binding.broken.clear();
    preparer().prepare(CLAIM);

    preparer().unprepare(CLAIM.uid());
    assertThat(binding.putBack.get(FIRST)).isEqualTo(bar);
    assertThat(binding.putBack.get(SECOND)).isNull();
  }

  @Test
  void takesAllDevicesOfAClaimAndGivesThemBack() throws IOException {
    var prepared = preparer().prepare(CLAIM);
    assertThat(prepared.devices()).extracting(d -> d.name()).containsExactly("first", "second");
    assertThat(binding.taken).containsExactlyInAnyOrder(FIRST, SECOND);

    preparer().unprepare(CLAIM.uid());
    assertThat(binding.taken).isEmpty();
    assertThat(written()).isEmpty();
  }

  @Test
  void asksNobodyForWhatIsReady() throws IOException {
    var prepared = preparer().prepare(CLAIM);
    allocations.clear();
    assertThat(preparer().prepare(CLAIM)).isEqualTo(prepared);
  }

  @Test
  void goesOnAfterADeviceCouldNotBeTaken() throws IOException {
    binding.broken.add(SECOND);
    assertThatThrownBy(() -> preparer().prepare(CLAIM))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("device second is stuck");

    binding.broken.clear();
    assertThat(preparer().prepare(CLAIM).devices()).hasSize(2);
    assertThat(binding.taken).containsExactlyInAnyOrder(FIRST, SECOND);
  }

  @Test
  void givesBackWhatWasHalfTaken() throws IOException {
    binding.broken.add(SECOND);
    assertThatThrownBy(() -> preparer().prepare(CLAIM)).isInstanceOf(IOException.class);
    binding.broken.clear();

    preparer().unprepare(CLAIM.uid());
    assertThat(binding.taken).isEmpty();
    assertThat(binding.givenBack).contains(FIRST, SECOND);
  }

  @Test
  void triesAgainToGiveBackWhatWasStuck() throws IOException {
    preparer().prepare(CLAIM);
    binding.broken.add(SECOND);
    assertThatThrownBy(() -> preparer().unprepare(CLAIM.uid()))
        .hasMessageContaining("device second is stuck");
    assertThat(written()).hasSize(1);

    binding.broken.clear();
    preparer().unprepare(CLAIM.uid());
    assertThat(written()).isEmpty();
  }

  @Test
  void needsNoClaimToGiveItBack() throws IOException {
    preparer().prepare(CLAIM);
    allocations.clear();
    offers.clear();
    preparer().unprepare(CLAIM.uid());
    assertThat(binding.taken).isEmpty();
  }

  @Test
  void givesNothingBackForAClaimThatHasNothing() throws IOException {
    preparer().unprepare("unheard-of");
    assertThat(binding.givenBack).isEmpty();
  }

  /// The scheduler takes a device for free once its claim is gone, and kubelet may still have to
  /// clear away.
  @Test
  void takesNoDeviceThatIsStillAnothersBeforeThatGaveItBack() throws IOException {
    preparer().prepare(CLAIM);
    allocations.put(OTHER, allocation(OTHER, "second"));
    assertThatThrownBy(() -> preparer().prepare(OTHER))
        .hasMessageContaining("device second is still with ResourceClaim shop/disks");

    preparer().unprepare(CLAIM.uid());
    assertThat(preparer().prepare(OTHER).devices()).hasSize(1);
  }

  @Test
  void touchesNothingWhereADeviceIsNotGivenAwayAnyMore() throws IOException {
    offers.remove("second");
    assertThatThrownBy(() -> preparer().prepare(CLAIM))
        .hasMessageContaining("device second is not on this node any more");
    assertThat(binding.taken).isEmpty();
    assertThat(written()).isEmpty();
  }

  @Test
  void writesDownWhatItWillTakeBeforeItTakesIt() throws IOException {
    binding.onTake =
        () -> {
          try {
            assertThat(written()).hasSize(1);
            assertThat(written().getFirst().ready()).isFalse();
            assertThat(written().getFirst().devices()).hasSize(2);
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        };
    preparer().prepare(CLAIM);
    assertThat(written().getFirst().ready()).isTrue();
  }

  private static Source disk(String address) {
    return new Source.Group(List.of(PciAddress.parse(address)));
  }

  private static Offer offer(String name, Source source) {
    return new Offer(name, Kind.NVME, source, new TreeMap<>(), new TreeMap<>(), List.of(), null);
  }

  private static Allocation allocation(ClaimRef claim, String... devices) {
    var given = new ArrayList<Given>();
    for (var device : devices) {
      given.add(new Given("disks", device, DeviceSettings.NONE));
    }
    return new Allocation(claim, given, null);
  }

  /// The claim of a device that is added to a running guest.
  @Test
  void theGuestThatRunsIsToldOnceItsClaimIsReadyAndAgainWhenItIsAskedFor() throws IOException {
    var recipient = new Recipient("pod-uid", "data");
    var given = allocation(CLAIM, "first").devices();
    allocations.put(CLAIM, new Allocation(CLAIM, given, recipient));
    binding.broken.add(FIRST);
    assertThatThrownBy(() -> preparer().prepare(CLAIM)).isInstanceOf(IOException.class);
    assertThat(guests.given).isEmpty();

    binding.broken.clear();
    assertThat(preparer().prepare(CLAIM).recipient()).isEqualTo(recipient);
    preparer().prepare(CLAIM);
    assertThat(guests.given).containsExactly(recipient, recipient);
    assertThat(written().getFirst().recipient()).isEqualTo(recipient);
  }

  @Test
  void nothingIsTakenFromAGuestThatStillHasIt() throws IOException {
    preparer().prepare(CLAIM);
    guests.holding = "second";
    guests.onAsk = () -> assertThat(written().getFirst().ready()).isFalse();
    assertThatThrownBy(() -> preparer().unprepare(CLAIM.uid()))
        .isInstanceOf(Preparer.InGuestException.class)
        .hasMessage(
            "device second is still in guest shop.web, which has been asked to let go of it");
    assertThat(binding.givenBack).isEmpty();
    assertThat(written()).hasSize(1);

    guests.holding = null;
    preparer().unprepare(CLAIM.uid());
    assertThat(binding.taken).isEmpty();
    assertThat(written()).isEmpty();
  }

  @Test
  void whatWasAskedBackInVainIsReadyAgainForWhoClaimsItAgain() throws IOException {
    preparer().prepare(CLAIM);
    guests.holding = "first";
    assertThatThrownBy(() -> preparer().unprepare(CLAIM.uid())).isInstanceOf(IOException.class);
    assertThat(preparer().prepare(CLAIM).ready()).isTrue();
  }

  private interface Look {
    void take() throws IOException;
  }

  private static final class PlayedGuests implements Preparer.Guests {
    final List<Recipient> given = new ArrayList<>();
    String holding;
    Look onAsk = () -> {};

    @Override
    public void give(Recipient recipient) {
      given.add(recipient);
    }

    @Override
    public Optional<String> askBack(PreparedDevice device) throws IOException {
      onAsk.take();
      return device.name().equals(holding) ? Optional.of("shop.web") : Optional.empty();
    }
  }

  private static final class PlayedBinding implements Binding {
    final Set<Source> taken = new HashSet<>();
    final Set<Source> givenBack = new HashSet<>();
    final Set<Source> broken = new HashSet<>();
    final Map<Source, Bar> now = new HashMap<>();
    final Map<Source, Bar> putBack = new HashMap<>();
    Runnable onTake = () -> {};

    /// What it is sized to is not what it was.
    @Override
    public Bar look(Source source, DeviceSettings settings) throws IOException {
      if (settings.bar() == null) {
        return null;
      }
      if (!now.containsKey(source)) {
        throw new IOException("has no resizable BAR");
      }
      return now.get(source);
    }

    @Override
    public Taken take(Source source, DeviceSettings settings) throws IOException {
      onTake.run();
      if (broken.contains(source)) {
        throw new IOException("is stuck");
      }
      taken.add(source);
      now.computeIfPresent(source, (_, bar) -> new Bar(bar.function(), bar.number(), 14));
      return new Taken(List.of("/dev/vfio/vfio", "/dev/vfio/" + taken.size()));
    }

    @Override
    public void giveBack(Source source, Bar before) throws IOException {
      if (broken.contains(source)) {
        throw new IOException("is stuck");
      }
      putBack.put(source, before);
      taken.remove(source);
      givenBack.add(source);
    }
  }
}
