package dev.bulkhead.nodeagent.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/// Writes files of which others, or the agent's next process, are to see all or nothing
/// (rename(2)).
public final class AtomicFile {
  private AtomicFile() {}

  /// In the place of the one that is there, if any. Killed meanwhile, it leaves a draft beside,
  /// which the next writer of that file takes up.
  public static void write(Path file, String text) throws IOException {
    var draft = file.resolveSibling("." + file.getFileName() + ".draft");
    Files.writeString(draft, text);
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
