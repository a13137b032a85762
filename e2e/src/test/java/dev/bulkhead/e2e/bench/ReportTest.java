package dev.bulkhead.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
  @TempDir private Path folder;

  @Test
  void aMeasureAloneLeavesTheOtherFiguresOfAFullRun() throws IOException {
    var file = folder.resolve("target/bench.json");
    var full = new Report(Map.of("cores", "2"));
    full.figure("start_ratio_p50", 1.2, "", "a start");
    full.figure("agent_rss_mib", 90, "MiB", "an agent");
    full.samples("start", List.of(1.1, 1.2));
    full.samples("agent", List.of(90));
    full.write(file);

    var start = new Report(Map.of("cores", "4"));
    start.figure("start_ratio_p50", 1.3, "", "a start");
    start.samples("start", List.of(1.3));
    start.writeInto(file, "start");

    var json = read(file);
    assertThat(json.path("start_ratio_p50").asDouble()).isEqualTo(1.3);
    assertThat(json.path("agent_rss_mib").asDouble()).isEqualTo(90);
    assertThat(json.at("/samples/start/0").asDouble()).isEqualTo(1.3);
    assertThat(json.at("/samples/agent/0").asInt()).isEqualTo(90);
    assertThat(json.at("/machine/cores").asText()).isEqualTo("2");
    assertThat(json.path("machine: start").path("cores").asText()).isEqualTo("4");
  }

  @Test
  void aMeasureAloneIsWrittenWhereNoneWas() throws IOException {
    var file = folder.resolve("bench.json");
    var report = new Report(Map.of());
    report.figure("agent_rss_mib", 90, "MiB", "an agent");
    report.writeInto(file, "agent");
    assertThat(read(file).path("agent_rss_mib").asDouble()).isEqualTo(90);
  }

  @Test
  void aFullRunKeepsNothingOfTheOneBefore() throws IOException {
    var file = folder.resolve("bench.json");
    var before = new Report(Map.of());
    before.figure("no_longer_measured", 1, "", "an old one");
    before.samples("old", List.of(1));
    before.write(file);

    new Report(Map.of()).write(file);

    assertThat(read(file).path("no_longer_measured").isMissingNode()).isTrue();
    assertThat(read(file).path("samples")).isEmpty();
  }

  private static JsonNode read(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }
}
