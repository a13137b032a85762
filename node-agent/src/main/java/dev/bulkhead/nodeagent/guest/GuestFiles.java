package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.nodeagent.domain.QemuUser;
import dev.bulkhead.nodeagent.linux.AtomicFile;
import dev.bulkhead.nodeagent.pod.GuestDirectory;
import dev.bulkhead.nodeagent.pod.PodUid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The agent's whole memory of its guests: one directory for each, on the node, which outlives the
/// agent but not the node's boot.
final class GuestFiles {
  /// /run is memory of the node.
  private static final int MAX_CONSOLE_LOG = 1 << 20;

  private static final int KEPT_CONSOLE_LOG = 1 << 18;

  private final Path guests;

  GuestFiles(Path guests) {
    this.guests = guests;
  }

  GuestDirectory directory(PodUid pod) {
    return GuestDirectory.of(guests, pod);
  }

  List<PodUid> pods() throws IOException {
    var pods = new ArrayList<PodUid>();
    if (Files.exists(guests)) {
      try (var directories = Files.newDirectoryStream(guests)) {
        for (var directory : directories) {
          var name = directory.getFileName().toString();
          if (PodUid.isUid(name)) {
            pods.add(new PodUid(name));
          }
        }
      }
    }
    return pods;
  }

  boolean exist(PodUid pod) {
    return Files.exists(directory(pod).path());
  }

  /// The guest's own user may pass through its directory, not look around or write there; others
  /// may do nothing. The directory's group is what remembers the user, and that modes are set: only
  /// an owner may set them, or one with CAP_FOWNER.
  ///
  /// @return the user, which no other guest has while this directory exists
  synchronized QemuUser create(PodUid pod) throws IOException {
    var directory = directory(pod);
    var user = user(pod).orElse(null);
    if (user == null) {
      Files.createDirectories(directory.sockets());
      Files.setPosixFilePermissions(directory.path(), PosixFilePermissions.fromString("rwx--x---"));
      Files.setPosixFilePermissions(
          directory.sockets(), PosixFilePermissions.fromString("rwx------"));
      user = QemuUser.forPod(pod, users());
      Files.setAttribute(directory.path(), "unix:gid", user.id(), LinkOption.NOFOLLOW_LINKS);
    }
    Files.setAttribute(directory.sockets(), "unix:uid", user.id(), LinkOption.NOFOLLOW_LINKS);
    return user;
  }

  private Set<QemuUser> users() throws IOException {
    var users = new HashSet<QemuUser>();
    for (var pod : pods()) {
      user(pod).ifPresent(users::add);
    }
    return users;
  }

  private Optional<QemuUser> user(PodUid pod) throws IOException {
    try {
      var group =
          (int) Files.getAttribute(directory(pod).path(), "unix:gid", LinkOption.NOFOLLOW_LINKS);
      return QemuUser.isOne(group) ? Optional.of(new QemuUser(group)) : Optional.empty();
    } catch (NoSuchFileException gone) {
      return Optional.empty();
    }
  }

  void markBooted(PodUid pod, Instant now) throws IOException {
    AtomicFile.write(directory(pod).booted(), now.toString());
  }

  /// Null for never.
  Instant bootedAt(PodUid pod) throws IOException {
    var text = read(directory(pod).booted());
    return text == null ? null : Instant.parse(text);
  }

  void markEnd(PodUid pod, GuestEnd end) throws IOException {
    Files.createDirectories(directory(pod).path());
    AtomicFile.write(directory(pod).end(), end.toText());
  }

  /// Null before.
  GuestEnd end(PodUid pod) throws IOException {
    var text = read(directory(pod).end());
    return text == null ? null : GuestEnd.parse(text);
  }

  /// Keeps the end of a console's log when it has grown too long. QEMU appends, wherever the end
  /// is; what it writes in this very moment may get lost.
  void trimConsole(PodUid pod) throws IOException {
    try (var log =
        FileChannel.open(
            directory(pod).consoleLog(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      if (log.size() > MAX_CONSOLE_LOG) {
        var end = ByteBuffer.allocate(KEPT_CONSOLE_LOG);
        log.read(end, log.size() - KEPT_CONSOLE_LOG);
        log.truncate(0);
        log.write(end.flip(), 0);
      }
    } catch (NoSuchFileException none) {
      // Not started yet.
    }
  }

  /// Nothing may be mounted below any more.
  void delete(PodUid pod) throws IOException {
    try (var tree = Files.walk(directory(pod).path())) {
      for (var path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (NoSuchFileException gone) {
      // As wanted.
    }
  }

  private static String read(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException none) {
      return null;
    }
  }
}
