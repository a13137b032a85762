package dev.bulkhead.nodeagent.disk;

import dev.bulkhead.nodeagent.linux.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// Makes the disk by which cloud-init's NoCloud source configures a guest: volume `cidata` with
/// `meta-data` and `user-data` (cloud-init docs, "NoCloud"). It never reads the user data, and
/// leaves no copy of it but the disk.
final class Seed {
  private Seed() {}

  /// @param iso the disk to make; an older one is replaced
  /// @param instanceId what cloud-init tells first boots by
  static void write(Path iso, String instanceId, String hostname, Path userData)
      throws IOException {
    var metaData =
        Files.createTempFile(
            iso.getParent(),
            "meta-data",
            null,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      Files.writeString(metaData, metaData(instanceId, hostname));
      Command.run(
          "genisoimage",
          "-quiet",
          "-volid",
          "cidata",
          "-joliet",
          "-rational-rock",
          "-graft-points",
          "-output",
          iso.toString(),
          "meta-data=" + metaData,
          "user-data=" + userData);
    } finally {
      Files.delete(metaData);
    }
  }

  /// Both values are made of letters, digits, dots and dashes.
  static String metaData(String instanceId, String hostname) {
    return "instance-id: \"%s\"\nlocal-hostname: \"%s\"\n".formatted(instanceId, hostname);
  }
}
