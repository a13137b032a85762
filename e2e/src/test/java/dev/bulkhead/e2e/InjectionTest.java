package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class InjectionTest {

  @Test
  void everyComponentIsKilledInTheShortForm() {
    assertThat(Injection.everyComponentKilled(1))
        .allMatch(Injection::kills)
        .flatExtracting(Injection::components)
        .containsExactly(Component.values());
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
