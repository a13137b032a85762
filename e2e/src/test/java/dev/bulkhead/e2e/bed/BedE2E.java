package dev.bulkhead.e2e.bed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/// What the cluster tests rest on.
@Isolated("breaks the bed")
class BedE2E {
  private final Bed bed = Bed.up();

  @BeforeEach
  void needsMachines() {
    assumeTrue(!bed.workers().isEmpty(), "a cluster of one's own has no machines to enter");
  }

  @Test
  void runningBedIsTakenAsItIs() {
    var started = bed.machine("cp").sh("stat -c %Y /proc/1");
    Bed.up();
    assertThat(bed.machine("cp").sh("stat -c %Y /proc/1")).isEqualTo(started);
  }

  @Test
  void killedComponentComesBackAlone() {
    var worker = bed.machine("worker-1");
    var kubelet = pid(worker, "kubelet");
    var containerd = pid(worker, "containerd");

    worker.kill(kubelet);

    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .ignoreExceptions()
        .until(() -> pid(worker, "kubelet") != kubelet);
    assertThat(pid(worker, "containerd")).isEqualTo(containerd);
  }

  @Test
  void evidenceHasObjectsComponentLogsAndProcesses(@TempDir Path folder) throws IOException {
    Evidence.collect(bed, folder);
    assertThat(Files.readString(folder.resolve("objects.yaml"))).contains("name: worker-2");
    assertThat(folder.resolve("events.txt")).isNotEmptyFile();
    assertThat(folder.resolve("cp/components/audit.log")).isNotEmptyFile();
    assertThat(folder.resolve("worker-1/components/kubelet.log")).isNotEmptyFile();
    assertThat(Files.readString(folder.resolve("worker-1/processes.txt"))).contains("kubelet");
  }

  private static long pid(Node machine, String component) {
    return Long.parseLong(machine.sh("pgrep -x " + component).strip());
  }
}
