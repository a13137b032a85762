package dev.bulkhead.crds;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

class ChartCrdTest {
  /// With `-Dcrd.write=true` this writes the chart's CRD instead of comparing it.
  @Test
  void theChartInstallsTheCrdOfTheseTypes() throws IOException {
    if (Boolean.getBoolean("crd.write")) {
      Files.createDirectories(ChartCrd.PATH.getParent());
      Files.writeString(ChartCrd.PATH, ChartCrd.render());
    }
    assertThat(ChartCrd.PATH)
        .as("the CRD in the chart is not that of the types in crds/: run `%s`", ChartCrd.COMMAND)
        .hasContent(ChartCrd.render());
  }

  @Test
  void tableColumnsComeInTheOrderTheyAreDeclaredIn() throws IOException {
    var columns =
        ChartCrd.YAML.readTree(ChartCrd.render()).at("/spec/versions/0/additionalPrinterColumns");
    assertThat(columns.valueStream().map(c -> c.get("name").asText()))
        .containsExactly(
            "Status",
            "Ready",
            "Node",
            "IP",
            "CPU",
            "Memory",
            "Age",
            "Restarts",
            "Reason",
            "Devices");
  }
}
