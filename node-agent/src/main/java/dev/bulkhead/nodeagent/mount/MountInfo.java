package dev.bulkhead.nodeagent.mount;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads `/proc/<pid>/mountinfo` (man 5 proc).
public final class MountInfo {
  private static final Pattern OCTAL = Pattern.compile("\\\\(040|011|012|134)");

  private MountInfo() {}

  /// In the file's order, so that what is mounted upon another comes after it. Lines without a
  /// mount point are passed over; `InvalidPathException` for one that no kernel writes.
  static List<Path> mountPoints(List<String> lines) {
    return lines.stream()
        .map(line -> line.split(" ", 6))
        .filter(fields -> fields.length > 4)
        .map(fields -> Path.of(unescape(fields[4])))
        .toList();
  }

  /// Blank, tab, line feed and backslash are written as three octal digits.
  public static String unescape(String text) {
    return OCTAL
        .matcher(text)
        .replaceAll(
            m -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(m.group(1), 8))));
  }
}
