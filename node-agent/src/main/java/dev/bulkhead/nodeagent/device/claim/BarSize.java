package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.nodeagent.device.inventory.ResizableBar;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// How large a claim wants a resizable BAR: `largest` or `smallest` that it can be, or one size.
public record BarSize(String text) {
  /// The sizes that a BAR can have are powers of two (PCI Express Base Specification, 7.8.6.2).
  static final Pattern TEXT =
      Pattern.compile("largest|smallest|(1|2|4|8|16|32|64|128|256|512)(Mi|Gi|Ti)");

  /// The number of the size, if the BAR can have it.
  OptionalInt of(ResizableBar bar) {
    return switch (text) {
      case "largest" -> OptionalInt.of(bar.largest());
      case "smallest" -> OptionalInt.of(bar.smallest());
      default ->
          IntStream.rangeClosed(bar.smallest(), bar.largest())
              .filter(size -> bar.canBe(size) && ResizableBar.words(size).equals(text))
              .findFirst();
    };
  }
}
