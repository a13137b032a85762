package dev.bulkhead.nodeagent.device.inventory;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// Names of PCI vendors and devices, from the database at pci-ids.ucw.cz, which Debian has in
/// `pci.ids`. Only those that are asked for are kept: the file has 1.5 MB.
public final class PciIds {
  public static final PciIds NONE = new PciIds(Map.of());

  private final Map<String, String> names;

  private PciIds(Map<String, String> names) {
    this.names = names;
  }

  /// @param wanted ids as `10de:2204`
  static PciIds read(Path file, Set<String> wanted) throws IOException {
    if (!Files.exists(file)) {
      return NONE;
    }
    try (var lines = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
      return new PciIds(namesIn(lines, wanted));
    }
  }

  /// `vvvv  name`, and below it, one tab deeper, `dddd  name`; deeper ones are subsystems. Classes
  /// come last, behind `C`.
  private static Map<String, String> namesIn(BufferedReader lines, Set<String> wanted)
      throws IOException {
    var names = new HashMap<String, String>();
    String vendor = "";
    for (var line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith("C ")) {
        break;
      }
      boolean device = line.startsWith("\t");
      if (line.isBlank() || line.startsWith("#") || line.startsWith("\t\t")) {
        continue;
      }
      var parts = line.strip().split("  ", 2);
      if (parts.length < 2) {
        continue;
      }
      if (!device) {
        vendor = parts[0];
        names.put(vendor, utf8(parts[1]));
      } else if (wanted.contains(vendor + ":" + parts[0])) {
        names.put(vendor + ":" + parts[0], utf8(parts[1]));
      }
    }
    return names;
  }

  private static String utf8(String bytes) {
    return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  /// Null when the database does not have it.
  public String vendor(PciFunction.Ids ids) {
    return names.get(ids.vendor());
  }

  /// Null when the database does not have it.
  public String device(PciFunction.Ids ids) {
    return names.get(ids.both());
  }
}
