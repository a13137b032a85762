package dev.bulkhead.e2e.bed;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// One container of the bed.
///
/// @param name host name and, prefixed, the container's name
/// @param virtual whether there is a virtual machine in the container, which is then what is meant
/// @param command the entry point in `e2e/bed/node`
/// @param environment what the entry point reads
/// @param mounts folder of this machine → where it appears, read-only
/// @param volumes folders that need a real file system below them (overlayfs cannot stand on
///     overlayfs), gone with the container
/// @param devices device nodes handed through
record Machine(
    String name,
    boolean virtual,
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

  String image() {
    return virtual ? "bulkhead-bed/machine" : "bulkhead-bed/node";
  }

  /// What to run in the container for a command to run in the machine.
  String[] entered(String... command) {
    return virtual
        ? Stream.concat(Stream.of("/bed/enter"), Stream.of(command)).toArray(String[]::new)
        : command;
  }
}
