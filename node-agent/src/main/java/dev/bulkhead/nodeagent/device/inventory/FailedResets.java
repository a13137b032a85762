package dev.bulkhead.nodeagent.device.inventory;

import dev.bulkhead.nodeagent.linux.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/// The functions that could not be reset: one file for each, beside those of the claims, so gone
/// after a reboot. It holds for the function as it appeared: sysfs gives every new directory a new
/// inode (kernel, fs/kernfs/dir.c), so one that was removed and found again is another.
public final class FailedResets {
  /// Not the name of a CDI specification, which ends in `.json` or `.yaml`.
  private static final String PREFIX = "bulkhead.dev-failed-reset-";

  private final Path sys;
  private final Path folder;

  /// @param sys the node's
  /// @param folder that of the claims' files
  public FailedResets(Path sys, Path folder) {
    this.sys = sys;
    this.folder = folder;
  }

  /// Why the function could not be reset, if it is still as it was then.
  ///
  /// @throws IOException if that cannot be known
  public Optional<String> of(PciAddress function) throws IOException {
    try {
      var text = Files.readString(file(function));
      var start = appearance(function) + "\n";
      return text.startsWith(start)
          ? Optional.of(text.substring(start.length()))
          : Optional.empty();
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
  }

  /// Remembers it as long as the function stays.
  ///
  /// @param why in the kernel's words
  /// @throws NoSuchFileException if the function is gone
  public void add(PciAddress function, String why) throws IOException {
    Files.createDirectories(folder);
    AtomicFile.write(file(function), appearance(function) + "\n" + why);
  }

  private Path file(PciAddress function) {
    return folder.resolve(PREFIX + function);
  }

  private String appearance(PciAddress function) throws IOException {
    return Files.getAttribute(Sysfs.function(sys, function), "unix:ino").toString();
  }
}
