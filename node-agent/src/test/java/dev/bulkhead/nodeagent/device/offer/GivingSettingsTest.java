package dev.bulkhead.nodeagent.device.offer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GivingSettingsTest {
  private static final String JSON =
      """
      {"allow": ["gpu"], "console": false, "nodes": [
        {"nodeLabels": {"rack": "a", "row": "1"}, "allow": ["nvme", "0000:01:00.0"], "console": true},
        {"nodeLabels": {"rack": "a"}}]}
      """;

  @Test
  void aNodeWithoutAnExceptionHasTheCommonSettings() {
    assertThat(GivingSettings.parse(JSON).of(Map.of("rack", "b")))
        .isEqualTo(new Giving(Set.of("gpu"), false));
  }

  @Test
  void theFirstExceptionWhoseLabelsMatchIsTakenWhole() {
    var settings = GivingSettings.parse(JSON);
    assertThat(settings.of(Map.of("rack", "a", "row", "1", "more", "x")))
        .isEqualTo(new Giving(Set.of("nvme", "0000:01:00.0"), true));
    assertThat(settings.of(Map.of("rack", "a", "row", "2"))).isEqualTo(new Giving(Set.of(), false));
  }

  @Test
  void nothingSaidIsNothingGiven() {
    assertThat(GivingSettings.parse("{}").of(Map.of())).isEqualTo(new Giving(Set.of(), false));
  }

  @Test
  void whatIsNoJsonIsNamed() {
    assertThatThrownBy(() -> GivingSettings.parse("gpu"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("devices: ");
  }
}
