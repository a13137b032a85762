package dev.bulkhead.e2e.bed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Tells one bed from another: its definition, the content of the files it mounts from the
/// checkout, and its image. Built components count by their folder's name, which carries a
/// digest of its own.
final class Fingerprint {
  static String of(BedDefinition definition, Path machineFiles, String imageId) {
    try (var files = Files.list(machineFiles)) {
      var digest = MessageDigest.getInstance("SHA-256");
      digest.update((definition + imageId).getBytes(StandardCharsets.UTF_8));
      for (var file : files.sorted().toList()) digest.update(Files.readAllBytes(file));
      return HexFormat.of().formatHex(digest.digest(), 0, 6);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has SHA-256
    }
  }

  private Fingerprint() {}
}
