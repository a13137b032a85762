package dev.bulkhead.nodeagent.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
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
