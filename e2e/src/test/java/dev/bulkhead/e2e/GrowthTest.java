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
    "40, 40, 40, 0",
    "40, 45, 50, 1",
    "40, 38, 40, 0",
    "50, 45, 40, -1",
  })
  void isTheSlopeOverTheGuests(long first, long second, long third, double slope) {
    var growth = new Growth();
    growth.add(0, usage("handles", first));
    growth.add(5, usage("handles", second));
    growth.add(10, usage("handles", third));
    assertThat(growth.perGuest().get("handles")).isEqualTo(slope, within(1e-9));
  }

  @Test
  void whatWasNotThereAtFirstGrewFromNothing() {
    var growth = new Growth();
    growth.add(0, new Usage(new TreeMap<>()));
    growth.add(10, usage("objects", 20));
    assertThat(growth.perGuest().get("objects")).isEqualTo(2.0, within(1e-9));
  }

  private static Usage usage(String name, long amount) {
    return new Usage(new TreeMap<>(Map.of(name, amount)));
  }
}
