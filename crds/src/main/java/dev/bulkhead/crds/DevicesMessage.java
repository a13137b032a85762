package dev.bulkhead.crds;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// The message of a node's condition [Contract#DEVICES_CONDITION], which people read and the
/// operator too: `gives away 2 devices; failed: NAME, WHY; keeps: WHAT AND WHY; …; and 3 more`.
/// What is kept begins with its kind, where that is one that users ask for, as in the name of its
/// DeviceClass: `gpu 0000:01:00.0 is …`.
///
/// @param gives a sentence on how many are given away
/// @param failed why, by the device's name
/// @param kept sentences without `; ` in them
/// @param more how many are kept beside those
public record DevicesMessage(
    String gives, SortedMap<String, String> failed, List<String> kept, int more) {
  private static final String NEXT = "; ";
  private static final String FAILED = "failed: ";
  private static final String KEEPS = "keeps: ";
  private static final String WHY = ", ";

  /// What the condition has.
  public String text() {
    var parts = new ArrayList<>(List.of(gives));
    failed.forEach((device, why) -> parts.add(FAILED + device + WHY + why));
    if (!kept.isEmpty()) {
      parts.add(KEEPS + String.join(NEXT, kept));
    }
    if (more > 0) {
      parts.add("and %d more".formatted(more));
    }
    return String.join(NEXT, parts);
  }

  /// Makes of any words whatever can be made of them: the agent may be of another release.
  public static DevicesMessage parse(String text) {
    var gives = "";
    var failed = new TreeMap<String, String>();
    var kept = new ArrayList<String>();
    var keeps = false;
    int more = 0;
    for (var part : text.split(NEXT, -1)) {
      if (part.startsWith(KEEPS)) {
        keeps = true;
        kept.add(part.substring(KEEPS.length()));
      } else if (part.matches("and \\d{1,9} more")) {
        more = Integer.parseInt(part.replaceAll("\\D", ""));
      } else if (keeps) {
        kept.add(part);
      } else if (part.startsWith(FAILED) && part.contains(WHY)) {
        var comma = part.indexOf(WHY);
        failed.put(part.substring(FAILED.length(), comma), part.substring(comma + WHY.length()));
      } else {
        gives = gives.isEmpty() ? part : gives + NEXT + part;
      }
    }
    return new DevicesMessage(gives, failed, List.copyOf(kept), more);
  }
}
