package dev.bulkhead.operator.apiserver;

import java.nio.file.Files;
import java.nio.file.Path;

/// The programs that `make tools` builds: kube-apiserver, etcd, helm.
final class Tools {
  private Tools() {}

  static String binary(String tool, String name) {
    var path = dir().resolve(tool).resolve("bin").resolve(name);
    if (!Files.isExecutable(path)) {
      throw new IllegalStateException(
          path + " is missing: run 'make tools', or set BULKHEAD_TOOLS to where they are");
    }
    return path.toString();
  }

  private static Path dir() {
    var given = System.getenv("BULKHEAD_TOOLS");
    return given == null
        ? Path.of(System.getProperty("user.home"), ".cache", "bulkhead", "tools")
        : Path.of(given);
  }
}
