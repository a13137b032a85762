package dev.bulkhead.e2e.bed;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// One container of the bed.
///
/// @param name host name and, prefixed, the container's name
/// @param command the entry point in `e2e/bed/node`
/// @param environment what the entry point reads
/// @param mounts folder of this machine → where it appears, read-only
/// @param volumes folders that need a real file system below them (overlayfs cannot stand on
///     overlayfs), gone with the container
/// @param devices device nodes handed through
record Machine(
    String name,
    String command,
    String address,
    Map<String, String> environment,
    Map<Path, String> mounts,
    List<String> volumes,
    List<String> devices) {

  /// Where a machine leaves evidence: the one folder it shares with the outside read-write.
  static final String EVIDENCE = "/evidence";

  Machine {
    environment = new TreeMap<>(environment); // a definition's text must be the same in every JVM
  }

  String containerName() {
    return "bulkhead-" + name;
  }
}
