package dev.bulkhead.nodeagent.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.pod.PodUid;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class NetworkPlanPropertyTest {
  private static final String TAP = "vm-[0-9a-f]{12}";
  private static final String MAC = "02(:[0-9a-f]{2}){5}";

  @Provide
  Arbitrary<PodUid> pods() {
    return Combinators.combine(Arbitraries.longs(), Arbitraries.longs())
        .as((high, low) -> new PodUid(new UUID(high, low).toString()));
  }

  /// A VM's uid comes with its pod, which anybody may have made: it is no text for root's `ip`.
  @Property
  void whateverAPodSaysItsCommandsAreOfOneForm(
      @ForAll("pods") PodUid pod, @ForAll String vmUid, @ForAll @IntRange(min = 68) int mtu) {
    assertThat(NetworkPlan.ipBatch(Link.of(pod, vmUid), mtu))
        .matches(
            """
            link set dev %1$s mtu \\d+ up
            address replace 10\\.0\\.2\\.1/24 dev %1$s
            neighbour replace 10\\.0\\.2\\.2 lladdr %2$s dev %1$s nud permanent
            route replace 255\\.255\\.255\\.255/32 dev %1$s
            """
                .formatted(TAP, MAC));
  }

  @Property
  void aLimitIsOneOfEachDirectionAndChangesNothingElse(
      @ForAll("pods") PodUid pod, @ForAll @LongRange(min = 64 * 1024) long bandwidth) {
    var link = Link.of(pod, "vm");
    var free = NetworkPlan.nftRuleset(link, null).lines().toList();
    var limited = NetworkPlan.nftRuleset(link, bandwidth).lines().toList();

    assertThat(limited).containsSubsequence(free).hasSize(free.size() + 2);
    for (var direction : new String[] {"iifname", "oifname"}) {
      assertThat(limited)
          .filteredOn(line -> line.contains(direction + " \"" + link.tap() + "\""))
          .singleElement()
          .asString()
          .contains(" rate over " + bandwidth + " bytes/second ")
          .endsWith(" drop");
    }
  }

  /// So that it can be applied again, over itself or over what an older agent made.
  @Property
  void itTakesItsOwnTableAwayFirstAndTouchesNoOther(
      @ForAll("pods") PodUid pod, @ForAll String vmUid) {
    assertThat(NetworkPlan.nftRuleset(Link.of(pod, vmUid), null).lines())
        .startsWith("table ip bulkhead", "delete table ip bulkhead", "table ip bulkhead {")
        .filteredOn(line -> line.contains("table"))
        .hasSize(3);
  }
}
