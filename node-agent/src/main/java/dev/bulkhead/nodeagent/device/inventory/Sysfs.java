package dev.bulkhead.nodeagent.device.inventory;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.StreamSupport;

/// Small files of a kernel's making: each has one value, and any of them can go away at any moment.
public final class Sysfs {
  private Sysfs() {}

  /// Null when there is no such file, or the kernel has no answer (it then fails the read).
  public static String text(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException _) {
      return null;
    }
  }

  /// The directory that has one of each PCI function.
  public static Path functions(Path sys) {
    return sys.resolve("bus/pci/devices");
  }

  /// The directory of a PCI function, whether it is there or not.
  public static Path function(Path sys, PciAddress function) {
    return functions(sys).resolve(function.toString());
  }

  /// Decimal, or hexadecimal behind `0x`.
  ///
  /// @return empty when there is no such file
  /// @throws MalformedException if it holds no number
  static OptionalLong number(Path file) throws MalformedException {
    var text = text(file);
    if (text == null) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Long.decode(text));
    } catch (NumberFormatException _) {
      throw new MalformedException(file, text);
    }
  }

  /// The last name of the link's target; null when there is no such link.
  public static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).getFileName().toString();
    } catch (IOException _) {
      return null;
    }
  }

  /// Where a link leads, or the path itself if it is none.
  ///
  /// Not by `toRealPath`: the node's files are seen through `/proc/1/root`, which reads as a link
  /// to `/`, and the way on from there would be the agent's own.
  ///
  /// @throws NoSuchFileException if there is nothing
  public static Path real(Path path) throws IOException {
    var real =
        Files.isSymbolicLink(path)
            ? path.getParent().resolve(Files.readSymbolicLink(path)).normalize()
            : path;
    if (!Files.exists(real)) {
      throw new NoSuchFileException(path.toString());
    }
    return real;
  }

  /// Sorted; none when there is no such directory.
  public static List<String> names(Path directory) throws IOException {
    try (var entries = Files.newDirectoryStream(directory)) {
      return StreamSupport.stream(entries.spliterator(), false)
          .map(entry -> entry.getFileName().toString())
          .sorted()
          .toList();
    } catch (NoSuchFileException | NotDirectoryException _) {
      return List.of();
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  /// A file says what it should not.
  static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1;
    private static final int SHOWN = 40;

    MalformedException(Path file, String text) {
      super(
          "%s says \"%s\""
              .formatted(
                  file.getFileName(), text.length() > SHOWN ? text.substring(0, SHOWN) : text));
    }
  }
}
