package dev.bulkhead.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlayedHardwareTest {
  @TempDir private Path root;

  @Test
  void hasAsManyFunctionsAsItIsSaidToHaveAndNoLinkLeadsNowhere() throws IOException {
    PlayedHardware.layOut(root);
    try (var functions = Files.list(root.resolve("sys/bus/pci/devices"))) {
      assertThat(functions).hasSize(PlayedHardware.FUNCTIONS);
    }
    try (var all = Files.walk(root)) {
      assertThat(all).allSatisfy(path -> assertThat(path).exists());
    }
  }
}
