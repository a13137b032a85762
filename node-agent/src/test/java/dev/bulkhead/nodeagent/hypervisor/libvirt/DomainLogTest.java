package dev.bulkhead.nodeagent.hypervisor.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.hypervisor.Hypervisor.Ending;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DomainLogTest {
  private static final String START =
      """
      2026-11-23 14:00:00.000+0000: starting up libvirt version: 9.0.0, package: 9.0.0-4
      LC_ALL=C \\
      /usr/bin/qemu-system-x86_64 \\
      """;

  @ParameterizedTest
  @CsvSource({
    "shutdown,  POWERED_OFF",
    "destroyed, DESTROYED",
    "crashed,   CRASHED",
    "failed,    CRASHED",
    "daemon,    CRASHED"
  })
  void readsTheReason(String reason, Ending ending) {
    assertThat(DomainLog.lastEnding(START + end(reason))).isEqualTo(ending);
  }

  @Test
  void knowsNoEndingBeforeTheFirst() {
    assertThat(DomainLog.lastEnding("")).isEqualTo(Ending.UNKNOWN);
    assertThat(DomainLog.lastEnding(START)).isEqualTo(Ending.UNKNOWN);
  }

  @Test
  void takesNoEarlierEndingForThatOfTheLastRun() {
    assertThat(DomainLog.lastEnding(START + end("shutdown") + START)).isEqualTo(Ending.UNKNOWN);
    assertThat(DomainLog.lastEnding(START + end("shutdown") + START + end("crashed")))
        .isEqualTo(Ending.CRASHED);
  }

  @Test
  void isNotMisledByWordsOfQemu() {
    assertThat(
            DomainLog.lastEnding(
                START + "qemu: 2026-11-23 14:00:01.0+0000: shutting down, reason=shutdown\n"))
        .isEqualTo(Ending.UNKNOWN);
  }

  private static String end(String reason) {
    return "2026-11-23 14:00:09.123+0000: shutting down, reason=" + reason + "\n";
  }
}
