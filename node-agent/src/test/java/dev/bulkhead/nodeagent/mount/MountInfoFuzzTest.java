package dev.bulkhead.nodeagent.mount;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.mutation.Mutations;
import java.nio.file.InvalidPathException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class MountInfoFuzzTest {

  @Test
  void noLineBreaksTheReader() {
    Mutations.tryAll(
        5_000,
        text -> {
          try {
            assertThat(MountInfo.mountPoints(text.lines().toList())).doesNotContainNull();
          } catch (InvalidPathException noPath) {
            assertThat(noPath.getInput()).isNotEmpty();
          }
        },
        "22 1 254:0 / / rw,relatime - ext4 /dev/root rw\n",
        "37 22 0:32 / /mnt/two\\040words\\134 rw shared:7 - tmpfs tmpfs rw\n");
  }
}
