package dev.bulkhead.nodeagent.pod;

import java.nio.file.Path;

/// Where the pod's volumes are, below one root: the keeper's, or the place in libvirtd's mount
/// namespace that they were brought to. The layout is `Contract.VOLUMES`'s.
public record Volumes(Path root) {
  public Path disk(String name) {
    return root.resolve("disks").resolve(name);
  }

  public Path scratch() {
    return root.resolve("scratch");
  }

  public Path kernel() {
    return root.resolve("kernel");
  }

  public Path userData() {
    return root.resolve("user-data");
  }
}
