package dev.bulkhead.nodeagent.disk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.domain.Disk.Format;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ImageHeaderTest {
  private static final long SIZE = 10L << 30;

  @Test
  void takesQcow2AndItsVirtualSize() {
    assertThat(read(qcow2(_ -> {}))).isEqualTo(new ImageHeader.Usable(Format.QCOW2, SIZE));
  }

  @Test
  void takesQcow2OfVersion2WithItsShorterHeader() {
    var header = qcow2(h -> h.putInt(4, 2)).limit(72);

    assertThat(read(header)).isEqualTo(new ImageHeader.Usable(Format.QCOW2, SIZE));
  }

  @Test
  void takesAnythingElseForARawDisk() {
    assertThat(ImageHeader.read("disk/disk.img", ByteBuffer.wrap(new byte[512]), 512))
        .isEqualTo(new ImageHeader.Usable(Format.RAW, 512));
  }

  static Stream<Arguments> hostileOrBroken() {
    return Stream.of(
        broken("backing file", h -> h.putLong(8, 104)),
        broken("encrypted", h -> h.putInt(32, 1)),
        broken("data_file", h -> h.putLong(72, 1L << 2)),
        broken("marked as corrupt", h -> h.putLong(72, 1L << 1)),
        broken("unknown qcow2 features (0x8000000000000000)", h -> h.putLong(72, 1L << 63)),
        broken("qcow of version 1", h -> h.putInt(4, 1)),
        broken("qcow of version 4", h -> h.putInt(4, 4)),
        broken("impossible virtual size", h -> h.putLong(24, 0)),
        broken("impossible virtual size", h -> h.putLong(24, -1)),
        broken("ends within its qcow2 header", h -> h.limit(103)),
        broken("no qcow2 file", h -> h.putInt(0, 0)));
  }

  private static Arguments broken(String reason, Consumer<ByteBuffer> change) {
    return Arguments.of(reason, change);
  }

  @ParameterizedTest
  @MethodSource("hostileOrBroken")
  void refusesWithTheReason(String reason, Consumer<ByteBuffer> change) {
    assertThat(read(qcow2(change)))
        .isInstanceOfSatisfying(
            ImageHeader.Refused.class, refused -> assertThat(refused.reason()).contains(reason));
  }

  @ParameterizedTest
  @MethodSource("foreignFormats")
  void refusesOtherFormatsAndSaysHowToConvertThem(String format, int offset, String magic) {
    var header = ByteBuffer.allocate(ImageHeader.LENGTH);
    header.put(offset, magic.getBytes(StandardCharsets.ISO_8859_1));

    assertThat(ImageHeader.read("disk/disk.img", header, SIZE))
        .isEqualTo(
            new ImageHeader.Refused(
                "is in format %s: convert it with \"qemu-img convert -O qcow2\""
                    .formatted(format)));
  }

  static Stream<Arguments> foreignFormats() {
    return Stream.of(
        Arguments.of("VMDK", 0, "KDMV"),
        Arguments.of("VMDK", 0, "# Disk DescriptorFile"),
        Arguments.of("VHDX", 0, "vhdxfile"),
        Arguments.of("VHD", 0, "conectix"),
        Arguments.of("VDI", 0x40, "\u007f\u0010\u00da\u00be"));
  }

  @Test
  void looksForMagicNoFurtherThanTheFileGoes() {
    for (int bytes : new int[] {1, 4, 7, 8, 0x41, 0x43}) {
      assertThat(ImageHeader.read("disk.img", ByteBuffer.allocate(bytes), bytes))
          .isEqualTo(new ImageHeader.Usable(Format.RAW, bytes));
    }
    var shortest = ByteBuffer.wrap("KDMV".getBytes(StandardCharsets.ISO_8859_1));
    assertThat(ImageHeader.read("disk.img", shortest, 4)).isInstanceOf(ImageHeader.Refused.class);
    var cut = ByteBuffer.allocate(8).putInt(0, 0x514649fb).putInt(4, 3);
    assertThat(ImageHeader.read("disk.img", cut, 8)).isInstanceOf(ImageHeader.Refused.class);
  }

  @Test
  void refusesAnEmptyFile() {
    assertThat(ImageHeader.read("disk/disk.img", ByteBuffer.allocate(0), 0))
        .isEqualTo(new ImageHeader.Refused("is empty"));
  }

  private static ByteBuffer qcow2(Consumer<ByteBuffer> change) {
    var header = ByteBuffer.allocate(ImageHeader.LENGTH);
    header.putInt(0, 0x514649fb).putInt(4, 3).putInt(20, 16).putLong(24, SIZE).putInt(100, 104);
    change.accept(header);
    return header;
  }

  private static ImageHeader read(ByteBuffer header) {
    return ImageHeader.read("disk/disk.qcow2", header, 1 << 20);
  }
}
