package dev.bulkhead.e2e.bed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Where the bed's parts are, and where it keeps what it makes.
///
/// @param recipes the folder `e2e/bed` of the checkout
/// @param cache `$BULKHEAD_CACHE`: what is expensive to make and outlives a checkout
/// @param kind which bed
record Layout(Path recipes, Path cache, BedKind kind) {
  /// Components whose binaries run in the machines, in the order of their search path.
  static final List<String> COMPONENTS =
      List.of("kubernetes", "etcd", "containerd", "runc", "cni", "coredns");

  /// The layout of the checkout that the working directory is in.
  static Layout ofEnvironment() {
    var here = Path.of("").toAbsolutePath();
    var recipes =
        Stream.iterate(here, folder -> folder != null, Path::getParent)
            .map(folder -> folder.resolve("e2e/bed"))
            .filter(folder -> Files.exists(folder.resolve("build-tools.sh")))
            .findFirst()
            .orElseThrow(
                () -> new IllegalStateException(here + " is not in a checkout of Bulkhead"));
    var cache = System.getenv("BULKHEAD_CACHE");
    return new Layout(
        recipes,
        cache == null
            ? Path.of(System.getProperty("user.home"), ".cache/bulkhead")
            : Path.of(cache),
        BedKind.ofEnvironment());
  }

  /// The folder of one built component: that of its present version, not the link to it, so that a
  /// bed keeps the version that it was started with.
  Path component(String name) {
    try {
      return cache.resolve("tools").resolve(name).toRealPath();
    } catch (IOException e) {
      throw new IllegalStateException(name + " is not built: run `make tools`", e);
    }
  }

  Path kubectl() {
    return component("kubernetes").resolve("bin/kubectl");
  }

  /// Configuration and entry points, mounted into every machine.
  Path machineFiles() {
    return recipes.resolve("node");
  }

  /// Image archives; the bed imports all of them.
  Path images() {
    return cache.resolve("images");
  }

  /// What one bed's life makes: certificates, kubeconfig, evidence. Removed with the bed.
  Path state() {
    return cache.resolve(kind.state());
  }

  Path certificates(String folder) {
    return state().resolve("pki").resolve(folder);
  }

  Path evidence(String machine) {
    return state().resolve("evidence").resolve(machine);
  }

  Path kubeconfig() {
    return certificates("control-plane").resolve("admin.conf");
  }

  static void createDirectories(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
