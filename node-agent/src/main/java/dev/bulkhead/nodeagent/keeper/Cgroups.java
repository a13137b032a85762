package dev.bulkhead.nodeagent.keeper;

import dev.bulkhead.nodeagent.linux.Linux;
import dev.bulkhead.nodeagent.pod.PodUid;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/// The node's cgroup tree, v1 or v2, as far as pods are concerned. kubelet and the runtime name the
/// directories; only the pod's uid in them is relied on.
final class Cgroups {
  /// kubelet's deepest:
  /// kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/…-pod, one more for a
  /// node that is a container itself.
  private static final int POD_DEPTH = 5;

  private static final Pattern OOM_KILLS = Pattern.compile("oom_kill [1-9]\\d*");

  private final Path root;

  Cgroups(Path root) {
    this.root = root;
  }

  private boolean unified() {
    return Files.exists(root.resolve("cgroup.controllers"));
  }

  /// Any one tree that has all pods.
  private Path reference() {
    return unified() ? root : root.resolve("memory");
  }

  /// The directories of each of the pod's containers, relative to every controller's root.
  List<Path> containersOf(PodUid pod) throws IOException {
    var reference = reference();
    var found = find(reference, name -> isPod(name, pod), POD_DEPTH);
    if (found.isEmpty()) {
      return List.of();
    }
    return directoriesIn(found.get()).stream().map(reference::relativize).toList();
  }

  /// None in a directory that has gone away, as those of other pods do while this looks around.
  private static List<Path> directoriesIn(Path directory) throws IOException {
    var found = new ArrayList<Path>();
    try (var children = Files.newDirectoryStream(directory, Files::isDirectory)) {
      children.forEach(found::add);
    } catch (IOException | DirectoryIteratorException e) {
      if (Files.exists(directory)) {
        throw e;
      }
    }
    return found;
  }

  /// cgroupfs driver: `pod<uid>`; systemd driver: `….pod<uid with _ for ->.slice`.
  static boolean isPod(String directory, PodUid pod) {
    return directory.equals("pod" + pod)
        || directory.endsWith("-pod" + pod.value().replace('-', '_') + ".slice");
  }

  /// None for a container whose cgroup has gone away.
  List<Integer> processes(Path container) throws IOException {
    var procs = reference().resolve(container).resolve("cgroup.procs");
    try {
      return Files.readAllLines(procs).stream().map(Integer::valueOf).toList();
    } catch (IOException e) {
      if (Files.exists(procs)) {
        throw e;
      }
      return List.of();
    }
  }

  /// That container's directory under every controller that has it.
  List<Path> directories(Path container) throws IOException {
    if (unified()) {
      return List.of(root.resolve(container));
    }
    var directories = new ArrayList<Path>();
    try (var controllers = Files.newDirectoryStream(root, entry -> !Files.isSymbolicLink(entry))) {
      for (var controller : controllers) {
        var directory = controller.resolve(container);
        if (Files.exists(directory.resolve("cgroup.procs"))) {
          directories.add(directory);
        }
      }
    }
    return directories;
  }

  /// Directories next to a container's, made if need be, with no rules of their own: on v2 one, on
  /// v1 for devices only, for the rest stays where it is.
  List<Path> besides(List<Path> container) throws IOException {
    var besides = new ArrayList<Path>();
    for (var directory : container) {
      if (unified() || directory.startsWith(root.resolve("devices"))) {
        besides.add(Files.createDirectories(directory.resolveSibling("attaching")));
      }
    }
    return besides;
  }

  /// Of no process any more.
  void remove(List<Path> directories) throws IOException {
    for (var directory : directories) {
      Files.deleteIfExists(directory);
    }
  }

  /// On v2 the kernel moves a process only between cgroups that are both seen from the mover's
  /// cgroup namespace (cgroups(7), nsdelegate), and a container has one of its own.
  void move(int pid, List<Path> directories) throws IOException {
    if (unified()) {
      Linux.inCgroupsOf(
          Linux.NODE_INIT,
          () -> {
            write(pid, directories);
            return null;
          });
    } else {
      write(pid, directories);
    }
  }

  private static void write(int pid, List<Path> directories) throws IOException {
    for (var directory : directories) {
      Files.writeString(
          directory.resolve("cgroup.procs"), Integer.toString(pid), StandardOpenOption.WRITE);
    }
  }

  /// v1 counts in `memory.oom_control`, v2 in `memory.events`, both as a line `oom_kill <count>`
  /// (kernel: cgroup-v1/memory.rst, cgroup-v2.rst).
  static boolean ranOutOfMemory(List<Path> directories) throws IOException {
    for (var directory : directories) {
      for (var file : List.of("memory.oom_control", "memory.events")) {
        var counts = directory.resolve(file);
        if (Files.exists(counts)
            && Files.readAllLines(counts).stream().anyMatch(OOM_KILLS.asMatchPredicate())) {
          return true;
        }
      }
    }
    return false;
  }

  private static Optional<Path> find(Path directory, Predicate<String> name, int depth)
      throws IOException {
    var children = directoriesIn(directory);
    for (var child : children) {
      if (name.test(child.getFileName().toString())) {
        return Optional.of(child);
      }
    }
    for (var child : children) {
      var found = depth > 1 ? find(child, name, depth - 1) : Optional.<Path>empty();
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }
}
