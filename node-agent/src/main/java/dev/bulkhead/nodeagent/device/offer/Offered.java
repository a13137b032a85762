package dev.bulkhead.nodeagent.device.offer;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// What a node gives away, and what not.
///
/// @param offers by name
/// @param counters sets of what several offers draw on, where they cannot all have it
/// @param withheld by what it is about
public record Offered(
    List<Offer> offers,
    SortedMap<String, SortedMap<String, Long>> counters,
    List<Withheld> withheld) {

  /// Of a node that may give nothing away.
  public static final Offered NOTHING = new Offered(List.of(), new TreeMap<>(), List.of());

  /// Something that a node keeps.
  ///
  /// @param kind of what users ask for by its kind; null for all else
  /// @param what a PCI address, a USB port, or all of a kind
  /// @param why a sentence that goes on after it, without `; ` in it
  public record Withheld(Kind kind, String what, String why) {
    public Withheld(String what, String why) {
      this(null, what, why);
    }

    @Override
    public String toString() {
      return (kind == null ? "" : kind.word() + " ") + what + " " + why;
    }
  }
}
