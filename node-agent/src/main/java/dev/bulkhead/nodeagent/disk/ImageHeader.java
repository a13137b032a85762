package dev.bulkhead.nodeagent.disk;

import dev.bulkhead.nodeagent.domain.Disk.Format;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// What the first bytes of a disk image say. The image is hostile until it has passed here: it may
/// name no other file, and use nothing of qcow2 that this code does not know. Offsets and numbers:
/// QEMU, docs/interop/qcow2.txt.
sealed interface ImageHeader {
  /// Bytes to read: all of a version 3 header that matters.
  int LENGTH = 104;

  record Usable(Format format, long virtualBytes) implements ImageHeader {}

  /// It is not given to QEMU.
  ///
  /// @param reason completes "the disk image …"
  record Refused(String reason) implements ImageHeader {}

  /// 'Q' 'F' 'I' 0xfb.
  int QCOW_MAGIC = 0x514649fb;

  int V2_LENGTH = 72;

  /// Bits of incompatible_features.
  long CORRUPT = 1L << 1;

  long EXTERNAL_DATA = 1L << 2;

  /// Dirty refcounts (which reading does not need), compression type, extended L2 entries.
  long HARMLESS = 1L | 1L << 3 | 1L << 4;

  /// Decides by content alone, the name only improves the message.
  ///
  /// @param name of the file, for a hint at what it is meant to be
  /// @param start the first `LENGTH` bytes, or all if it has fewer
  /// @param fileBytes the file's size
  static ImageHeader read(String name, ByteBuffer start, long fileBytes) {
    if (fileBytes == 0) {
      return new Refused("is empty");
    }
    if (start.limit() >= 8 && start.getInt(0) == QCOW_MAGIC) {
      return qcow2(start);
    }
    if (name.endsWith(".qcow2")) {
      return new Refused("is named .qcow2 but is no qcow2 file: it may be damaged");
    }
    var foreign = foreignFormat(start);
    return foreign == null
        ? new Usable(Format.RAW, fileBytes)
        : new Refused(
            "is in format %s: convert it with \"qemu-img convert -O qcow2\"".formatted(foreign));
  }

  private static ImageHeader qcow2(ByteBuffer start) {
    int version = start.getInt(4);
    if (version != 2 && version != 3) {
      return new Refused("is qcow of version %d, only 2 and 3 are known".formatted(version));
    }
    if (start.limit() < (version == 2 ? V2_LENGTH : LENGTH)) {
      return new Refused("ends within its qcow2 header: it is damaged");
    }
    if (start.getLong(8) != 0) {
      return new Refused(
          "is based on another file (backing file), which is not in the image: flatten it with"
              + " \"qemu-img convert -O qcow2\"");
    }
    if (start.getInt(32) != 0) {
      return new Refused("is encrypted, which is not supported: decrypt it before building it in");
    }
    long features = version == 3 ? start.getLong(72) : 0;
    if ((features & EXTERNAL_DATA) != 0) {
      return new Refused(
          "keeps its data in another file (data_file): put it into one with"
              + " \"qemu-img convert -O qcow2\"");
    }
    if ((features & CORRUPT) != 0) {
      return new Refused("is marked as corrupt: repair it with \"qemu-img check -r all\"");
    }
    if ((features & ~HARMLESS) != 0) {
      return new Refused("uses unknown qcow2 features (0x%x)".formatted(features & ~HARMLESS));
    }
    long size = start.getLong(24);
    return size > 0
        ? new Usable(Format.QCOW2, size)
        : new Refused("has an impossible virtual size of %d bytes".formatted(size));
  }

  /// Formats that would run as raw disks and never boot.
  private static String foreignFormat(ByteBuffer start) {
    if (has(start, 0, "KDMV") || has(start, 0, "# Disk DescriptorFile")) {
      return "VMDK";
    }
    if (has(start, 0, "vhdxfile")) {
      return "VHDX";
    }
    if (has(start, 0, "conectix")) {
      return "VHD";
    }
    if (has(start, 0x40, "\u007f\u0010\u00da\u00be")) {
      return "VDI";
    }
    return null;
  }

  private static boolean has(ByteBuffer start, int offset, String magic) {
    var bytes = magic.getBytes(StandardCharsets.ISO_8859_1);
    if (start.limit() < offset + bytes.length) {
      return false;
    }
    var found = new byte[bytes.length];
    start.get(offset, found);
    return Arrays.equals(found, bytes);
  }
}
