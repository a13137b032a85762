package dev.bulkhead.e2e.bed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Imports image archives into the workers' containerd, in place of a registry. An archive that a
/// worker has already imported, as it is now, is left alone.
final class ImageLoader {
  private final Path images;
  private final Progress progress;

  /// @param images the folder that the workers have at /images
  ImageLoader(Path images, Progress progress) {
    this.images = images;
    this.progress = progress;
  }

  void load(List<Node> workers) {
    for (var archive : archives()) {
      var missing = workers.stream().filter(worker -> !has(worker, archive)).toList();
      if (!missing.isEmpty()) {
        progress.step(
            "imported " + archive.getFileName(),
            () -> missing.parallelStream().forEach(worker -> load(worker, archive)));
      }
    }
  }

  /// Whether the worker would have to import any.
  boolean isDue(Node worker) {
    return !archives().stream().allMatch(archive -> has(worker, archive));
  }

  private List<Path> archives() {
    try (Stream<Path> files = Files.list(images)) {
      return files.filter(file -> file.toString().endsWith(".tar")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean has(Node worker, Path archive) {
    return worker.exec("test", "-e", mark(archive)).status() == 0;
  }

  private static void load(Node worker, Path archive) {
    worker.sh(
        """
        ctr --namespace=k8s.io images import "/images/%s" >/dev/null
        mkdir -p "$(dirname "%2$s")"
        touch "%2$s"
        """
            .formatted(archive.getFileName(), mark(archive)));
  }

  /// The file by which a worker remembers one version of an archive.
  private static String mark(Path archive) {
    try {
      return "/var/lib/containerd/imported/%s-%d-%d"
          .formatted(
              archive.getFileName(),
              Files.size(archive),
              Files.getLastModifiedTime(archive).toMillis());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
