package dev.bulkhead.nodeagent.mount;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class MountInfoTest {
  @Test
  void passesOverLinesWithoutAMountPoint() {
    assertThat(MountInfo.mountPoints(List.of("", "22 1 254:0 /", "22 1 254:0 / /here")))
        .containsExactly(Path.of("/here"));
  }

  @Test
  void readsMountPointsInTheOrderTheyWereMounted() {
    assertThat(
            MountInfo.mountPoints(
                List.of(
                    "22 1 254:0 / / rw,relatime - ext4 /dev/root rw",
                    "36 22 0:31 /a /run/bulkhead/guests/x ro,relatime master:1 - overlay o rw",
                    "37 22 0:32 / /mnt/two\\040words\\134 rw - tmpfs tmpfs rw")))
        .containsExactly(
            Path.of("/"), Path.of("/run/bulkhead/guests/x"), Path.of("/mnt/two words\\"));
  }
}
