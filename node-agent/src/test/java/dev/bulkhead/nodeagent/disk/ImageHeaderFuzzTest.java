package dev.bulkhead.nodeagent.disk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.disk.ImageHeader.Refused;
import dev.bulkhead.nodeagent.disk.ImageHeader.Usable;
import dev.bulkhead.nodeagent.domain.Disk.Format;
import dev.bulkhead.nodeagent.mutation.Mutations;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class ImageHeaderFuzzTest {

  /// Whatever is taken for qcow2 names no other file and uses nothing unknown.
  @Test
  void noImageIsBelievedOrBreaksTheReader() {
    var vmdk = "KDMV" + "\0".repeat(600);
    Mutations.tryAll(
        15_000, ImageHeaderFuzzTest::read, qcow2(3), qcow2(2), vmdk, "\0".repeat(0x50), "");
  }

  private static void read(String text) {
    var bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    var start = ByteBuffer.wrap(bytes, 0, Math.min(bytes.length, ImageHeader.LENGTH)).slice();
    switch (ImageHeader.read("disk.img", start, bytes.length)) {
      case Usable(var format, var size) -> {
        assertThat(size).isPositive();
        if (format == Format.QCOW2) {
          assertThat(start.getLong(8)).as("backing file").isZero();
          assertThat(start.getInt(32)).as("encryption").isZero();
        }
      }
      case Refused(var reason) -> assertThat(reason).isNotBlank();
    }
  }

  private static String qcow2(int version) {
    var header = ByteBuffer.allocate(ImageHeader.LENGTH);
    header.putInt(0, 0x514649fb).putInt(4, version).putInt(20, 16).putLong(24, 1L << 30);
    return StandardCharsets.ISO_8859_1.decode(header.putInt(100, 104).rewind()).toString();
  }
}
