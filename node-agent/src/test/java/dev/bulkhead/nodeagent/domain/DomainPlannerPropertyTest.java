package dev.bulkhead.nodeagent.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class DomainPlannerPropertyTest {

  /// By the hundreds, for libvirt's schema takes longer to read than a domain to check.
  @Provide
  Arbitrary<List<AnyGuest.Case>> guests() {
    return AnyGuest.cases().list().ofSize(500);
  }

  @Provide
  Arbitrary<AnyGuest.Case> guest() {
    return AnyGuest.cases();
  }

  @Property(tries = 2000, edgeCases = EdgeCasesMode.NONE)
  void cellsHaveAllOfAGuestOnceAndEachOfItsDevicesAPlaceOfItsOwn(
      @ForAll("guest") AnyGuest.Case guest) {
    var domain = guest.plan();
    var cells = domain.cells();
    assertThat(domain.hostDevices().map(HostDevice::id))
        .containsExactlyInAnyOrderElementsOf(
            guest.hostDevices().stream().map(HostDevice::id).toList());
    var indexes = domain.devices().stream().flatMap(DomainPlannerPropertyTest::index).toList();
    assertThat(indexes).doesNotHaveDuplicates();
    assertThat(domain.devices().stream().flatMap(DomainPlannerPropertyTest::guestBus))
        .doesNotHaveDuplicates();
    if (!cells.isEmpty()) {
      assertThat(cells.stream().mapToLong(NumaCell::memoryKiB).sum()).isEqualTo(domain.memoryKiB());
      assertThat(cells)
          .allSatisfy(cell -> assertThat(cell.memoryKiB()).isPositive())
          .allSatisfy(cell -> assertThat(cell.lastVcpu()).isGreaterThanOrEqualTo(cell.firstVcpu()));
      assertThat(
              cells.stream()
                  .flatMapToInt(cell -> IntStream.rangeClosed(cell.firstVcpu(), cell.lastVcpu())))
          .containsExactlyElementsOf(
              IntStream.range(0, domain.topology().vcpus()).boxed().toList());
    }
  }

  private static Stream<Integer> index(Device device) {
    return switch (device) {
      case Device.RootPort port -> Stream.of(port.index());
      case Device.ExpanderBus expander -> Stream.of(expander.index());
      case Device.ExpanderPort port -> Stream.of(port.index());
      default -> Stream.of();
    };
  }

  /// By the index of its port.
  private static Stream<Integer> guestBus(Device device) {
    return switch (device) {
      case Device.Behind behind -> Stream.of(behind.port());
      case HostDevice other when other.settings().address() != null ->
          Stream.of(other.settings().address().bus());
      default -> Stream.of();
    };
  }

  @Property(tries = 20, edgeCases = EdgeCasesMode.NONE)
  void tenThousandGuestsPassLibvirtsSchemaOrAreRefusedWithReason(
      @ForAll("guests") List<AnyGuest.Case> guests) {
    var domains = new ArrayList<String>();
    int refused = 0;
    for (var guest : guests) {
      var domain = guest.plan();
      assertThat(guest.plan()).isEqualTo(domain);
      assertThat(domain.topology().vcpus()).isBetween(1, 255);
      try {
        domains.add(domain.toXml());
      } catch (UnencodableTextException e) {
        assertThat(e).hasMessageContaining("remove it");
        refused++;
      }
    }
    LibvirtSchema.validate(domains);
    assertThat(refused).as("refused").isLessThan(guests.size() / 2);
  }
}
