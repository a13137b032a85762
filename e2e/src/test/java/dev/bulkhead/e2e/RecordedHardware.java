package dev.bulkhead.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/// Another machine's sysfs and proc, laid out on a node from the records of the node agent's own
/// tests.
public final class RecordedHardware {
  public static final String FOLDER = "/var/lib/bulkhead-recorded";

  private static final Path RECORDS = Path.of("../node-agent/src/test/resources/hosts");

  private RecordedHardware() {}

  public static void layOut(Host host, String record) {
    host.sh("rm -rf %1$s && mkdir -p %1$s".formatted(FOLDER));
    host.sh(script(record));
  }

  public static void remove(Host host) {
    host.sh("rm -rf " + FOLDER);
  }

  private static String script(String record) {
    var script = new StringBuilder("set -e\n");
    try {
      for (var line : Files.readAllLines(RECORDS.resolve(record + ".host"))) {
        if (line.startsWith("[")) {
          script.append(
              "mkdir -p %1$s/%2$s; cd %1$s/%2$s%n"
                  .formatted(FOLDER, line.substring(1, line.length() - 1)));
        } else if (line.contains(" -> ")) {
          var parts = line.split(" -> ", 2);
          script.append("ln -s '%s' '%s'%n".formatted(parts[1], parts[0]));
        } else if (line.contains(" =")) {
          var parts = line.split(" = ?", 2);
          script.append(
              "printf '%s\\n' >'%s'%n".formatted(octal(parts[1].translateEscapes()), parts[0]));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return script.toString();
  }

  /// Whatever is in it, the shell shall not read it.
  private static String octal(String text) {
    var hex = HexFormat.of().formatHex(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    return hex.replaceAll("(..)", "\\\\x$1");
  }
}
