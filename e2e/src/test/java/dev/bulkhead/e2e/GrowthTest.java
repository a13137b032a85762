package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GrowthTest {

  @ParameterizedTest
  @CsvSource({
    "40, 40, 40, 40, 0",
    "40, 45, 50, 55, 1",
    "40, 45, 45, 50, 1",
    "40, 38, 38, 40, -0.4",
    "40, 45, 45, 45, 0",
    "40, 40, 60, 60, 0",
    "40, 40, 40, 60, 0",
  })
  void isWhatBothHalvesOfTheWayHaveInCommon(
      long first, long second, long third, long fourth, double slope) {
    var growth = new Growth();
    growth.add(0, usage("handles", first));
    growth.add(5, usage("handles", second));
    growth.add(10, usage("handles", third));
    growth.add(15, usage("handles", fourth));
    assertThat(growth.perGuest().get("handles")).isEqualTo(slope, within(1e-9));
  }

  @Test
  void aLeakIsSeenThroughNoise() {
    var growth = new Growth();
    var noise = new int[] {0, 3, -2, 1, 0, 4, -3, 2, 0, 1, -1};
    for (int i = 0; i < noise.length; i++) {
      growth.add(10 * i, usage("handles", 100 + 10 * i + noise[i]));
    }
    assertThat(growth.perGuest().get("handles")).isBetween(0.8, 1.2);
  }

  @Test
  void whatWasNotThereAtFirstGrewFromNothing() {
    var growth = new Growth();
    growth.add(0, new Usage(new TreeMap<>()));
    growth.add(10, usage("objects", 20));
    growth.add(20, usage("objects", 40));
    growth.add(30, usage("objects", 60));
    assertThat(growth.perGuest().get("objects")).isEqualTo(2.0, within(1e-9));
  }

  private static Usage usage(String name, long amount) {
    return new Usage(new TreeMap<>(Map.of(name, amount)));
  }
}
