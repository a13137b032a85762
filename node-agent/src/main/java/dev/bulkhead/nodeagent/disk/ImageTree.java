package dev.bulkhead.nodeagent.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;

/// The files of an OCI image as mounted for a pod. Whoever built the image is not trusted: links
/// are followed inside the image only, as if it were the root directory, and only regular files
/// count. The mount is read-only, so what was looked at stays as it was.
public final class ImageTree {
  /// As Linux has it (path_resolution(7)).
  private static final int MAX_LINKS = 40;

  private final String image;
  private final Path root;

  /// @param image the reference, to be named in messages
  public ImageTree(String image, Path root) {
    this.image = image;
    this.root = root;
  }

  /// The file's path relative to the image's root, without any link in it.
  public Path file(String path) throws IOException, RefusedException {
    var real = resolve(path);
    if (!Files.isRegularFile(root.resolve(real), LinkOption.NOFOLLOW_LINKS)) {
      throw new RefusedException(
          "image %s has no file %s: name one that it has".formatted(image, path));
    }
    return real;
  }

  /// The only file in a directory; links and directories in it do not count.
  public Path onlyFileIn(String directory) throws IOException, RefusedException {
    var real = resolve(directory);
    var files = new ArrayList<Path>();
    if (Files.isDirectory(root.resolve(real), LinkOption.NOFOLLOW_LINKS)) {
      try (var entries = Files.newDirectoryStream(root.resolve(real))) {
        for (var entry : entries) {
          if (Files.isRegularFile(entry, LinkOption.NOFOLLOW_LINKS)) {
            files.add(entry);
          }
        }
      }
    }
    if (files.size() != 1) {
      throw new RefusedException(
          "image %s has %s files in %s, not exactly one: say which is the disk with image.path"
              .formatted(image, files.isEmpty() ? "no" : files.size(), directory));
    }
    return root.relativize(files.getFirst());
  }

  public Path root() {
    return root;
  }

  private Path resolve(String path) throws IOException, RefusedException {
    var ahead = new ArrayDeque<Path>();
    push(ahead, Path.of(path));
    var real = Path.of("");
    int links = 0;
    while (!ahead.isEmpty()) {
      var name = ahead.pop().toString();
      if (name.equals("..")) {
        real = real.getParent() == null ? Path.of("") : real.getParent();
      } else if (!name.isEmpty() && !name.equals(".")) {
        var next = real.resolve(name);
        if (!Files.isSymbolicLink(root.resolve(next))) {
          real = next;
        } else if (++links > MAX_LINKS) {
          throw new RefusedException("image %s: too many links in %s".formatted(image, path));
        } else {
          var target = Files.readSymbolicLink(root.resolve(next));
          real = target.isAbsolute() ? Path.of("") : real;
          push(ahead, target);
        }
      }
    }
    return real;
  }

  private static void push(ArrayDeque<Path> ahead, Path path) {
    for (int i = path.getNameCount() - 1; i >= 0; i--) {
      ahead.push(path.getName(i));
    }
  }
}
