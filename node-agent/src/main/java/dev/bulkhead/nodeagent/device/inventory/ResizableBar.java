package dev.bulkhead.nodeagent.device.inventory;

import dev.bulkhead.nodeagent.device.inventory.Sysfs.MalformedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// A BAR whose size can be chosen (PCI Express Base Specification, 7.8.6). Sizes are numbered as
/// the kernel does it (Documentation/ABI/testing/sysfs-bus-pci, `resourceN_resize`): n is 2^n MiB.
///
/// @param number of the BAR in its function, 0 to 5
/// @param sizes that it can have: bit n for size n; at least one
/// @param size that it has; -1 for none of those, as when it found no room
public record ResizableBar(int number, long sizes, int size) {
  private static final int BARS = 6;
  private static final int HEX = 16;

  /// Of size 0.
  private static final int MIB = 20;

  /// The largest whose bytes a long can count: 4 EiB.
  private static final int LAST = 42;

  private static final String UNITS = "MGTPE";
  private static final int PER_UNIT = 10;

  /// The one of a function that can be the largest; empty if it has none.
  ///
  /// @param function its directory in sysfs
  public static Optional<ResizableBar> of(Path function) {
    ResizableBar best = null;
    for (int number = 0; number < BARS; number++) {
      long sizes = sizes(function.resolve("resource%d_resize".formatted(number)));
      if (sizes != 0 && (best == null || last(sizes) > best.largest())) {
        best = new ResizableBar(number, sizes, size(function, number, sizes));
      }
    }
    return Optional.ofNullable(best);
  }

  /// None for a file that is not there, or has no such mask.
  private static long sizes(Path file) {
    var text = Sysfs.text(file);
    try {
      return text == null ? 0 : Long.parseUnsignedLong(text, HEX) & ((1L << (LAST + 1)) - 1);
    } catch (NumberFormatException _) {
      return 0;
    }
  }

  private static int size(Path function, int number, long sizes) {
    try {
      long bytes = bytes(function).get(number);
      int size = Long.numberOfTrailingZeros(bytes) - MIB;
      return Long.bitCount(bytes) == 1 && size >= 0 && (sizes & (1L << size)) != 0 ? size : -1;
    } catch (MalformedException | IndexOutOfBoundsException _) {
      return -1;
    }
  }

  /// Of each BAR of a function, how many bytes it has now: each line of `resource` is first and
  /// last address, and flags; BARs come first of them, then ROM, then those of virtual functions.
  static List<Long> bytes(Path function) throws MalformedException {
    var file = function.resolve("resource");
    var text = Sysfs.text(file);
    if (text == null) {
      throw new MalformedException(file, "nothing");
    }
    var bytes = new ArrayList<Long>();
    for (var line : text.lines().limit(BARS).toList()) {
      var range = line.split("\\s+", -1);
      try {
        long first = Long.parseUnsignedLong(range[0].substring(2), HEX);
        long last = Long.parseUnsignedLong(range[1].substring(2), HEX);
        bytes.add(last == 0 ? 0 : last - first + 1);
      } catch (NumberFormatException | IndexOutOfBoundsException _) {
        throw new MalformedException(file, line);
      }
    }
    return bytes;
  }

  public int largest() {
    return last(sizes);
  }

  public int smallest() {
    return Long.numberOfTrailingZeros(sizes);
  }

  public boolean canBe(int other) {
    return (sizes & (1L << other)) != 0;
  }

  private static int last(long sizes) {
    return Long.SIZE - 1 - Long.numberOfLeadingZeros(sizes);
  }

  /// All that it can have, as people write them.
  public List<String> words() {
    return IntStream.rangeClosed(0, LAST)
        .filter(this::canBe)
        .mapToObj(ResizableBar::words)
        .toList();
  }

  /// As Kubernetes writes quantities: `256Mi`.
  public static String words(int size) {
    return "%d%ci".formatted(1 << size % PER_UNIT, UNITS.charAt(size / PER_UNIT));
  }

  public static long bytes(int size) {
    return 1L << (size + MIB);
  }
}
