package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class InjectionTest {

  @Test
  void aFewKillEveryComponentAndFreezeOneAndKillTwoTogether() {
    for (long seed = 1; seed <= 50; seed++) {
      var few = Injection.few(seed);
      var components = Component.values().length;
      assertThat(few).hasSize(components + 2);
      assertThat(few.subList(0, components))
          .allMatch(Injection::kills)
          .flatExtracting(Injection::components)
          .containsExactly(Component.values());
      assertThat(few.get(components))
          .matches(injection -> injection.components().size() == 1)
          .matches(injection -> injection.frozenFor().equals(Duration.ofSeconds(30)));
      assertThat(few.getLast())
          .matches(Injection::kills)
          .matches(injection -> Set.copyOf(injection.components()).size() == 2);
    }
  }

  @Test
  void anotherSeedFreezesAnotherAndKillsOtherTwo() {
    var components = Component.values().length;
    assertThat(drawnByFew(components)).hasSizeGreaterThan(components / 2);
    assertThat(drawnByFew(components + 1)).hasSizeGreaterThan(components);
    assertThat(Injection.few(3)).isEqualTo(Injection.few(3));
  }

  private static Set<List<Component>> drawnByFew(int place) {
    return LongStream.range(0, 50)
        .mapToObj(seed -> Injection.few(seed).get(place).components())
        .collect(Collectors.toSet());
  }

  @Test
  void allHoldsEveryComponentAndEveryPairKilledAndFrozen() {
    var all = Injection.all(1);
    for (var a : Component.values()) {
      for (var b : Component.values()) {
        assertThat(all)
            .filteredOn(injection -> injection.components().contains(a))
            .filteredOn(injection -> injection.components().contains(b))
            .extracting(Injection::kills)
            .contains(true, false);
      }
    }
  }

  @Test
  void seedDrawsTheSameAgain() {
    assertThat(drawn(5)).isEqualTo(drawn(5)).isNotEqualTo(drawn(6));
  }

  private static List<Injection> drawn(long seed) {
    var random = new Random(seed);
    return IntStream.range(0, 20).mapToObj(_ -> Injection.any(random)).toList();
  }
}
