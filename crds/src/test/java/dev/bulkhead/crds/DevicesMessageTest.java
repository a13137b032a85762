package dev.bulkhead.crds;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DevicesMessageTest {
  private static final DevicesMessage FULL =
      new DevicesMessage(
          "gives away 2 devices",
          new TreeMap<>(Map.of("pci-a", "3 errors, fatal ones", "pci-b", "it burns")),
          List.of("gpu 0000:01:00.0 is needed", "0000:00:00.0 is part of the machine's chipset"),
          7);

  @Test
  void isReadableForPeople() {
    assertThat(FULL.text())
        .isEqualTo(
            "gives away 2 devices; failed: pci-a, 3 errors, fatal ones; failed: pci-b, it burns;"
                + " keeps: gpu 0000:01:00.0 is needed; 0000:00:00.0 is part of the machine's"
                + " chipset; and 7 more");
  }

  @Test
  void isReadAsItWasWritten() {
    assertThat(DevicesMessage.parse(FULL.text())).isEqualTo(FULL);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "gives away no device", "anything at all", "failed: words", "a; b; keeps: c"})
  void wordsOfAnotherReleaseAreNotLost(String words) {
    assertThat(DevicesMessage.parse(words).text()).isEqualTo(words);
  }
}
