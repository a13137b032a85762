package dev.bulkhead.nodeagent.mount;

import dev.bulkhead.nodeagent.linux.Linux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Brings the pod's volumes, as kubelet mounted them in the keeper, into the mount namespace of
/// libvirtd, where QEMU opens them. Whatever made the mount (kubelet, CSI, the container runtime)
/// need not be known.
public final class LibvirtMounts {
  /// The agent's pod shares the node's process ids.
  private static final int NODE_INIT = 1;

  private final Path proc;
  private final Path libvirtPidFile;

  public LibvirtMounts(Path proc, Path libvirtPidFile) {
    this.proc = proc;
    this.libvirtPidFile = libvirtPidFile;
  }

  /// Does nothing where it is mounted already.
  public void bring(int fromPid, Path source, Path target) throws IOException {
    int libvirtd = libvirtd();
    if (!mounted(libvirtd).contains(target)) {
      Files.createDirectories(target);
      Linux.bindAcross(fromPid, source, libvirtd, target);
    }
  }

  /// A folder of the node itself, at the same place, which must exist there. It stays as long as
  /// libvirtd does.
  public void bringFromNode(Path folder) throws IOException {
    int libvirtd = libvirtd();
    if (!mounted(libvirtd).contains(folder)) {
      Linux.bindAcross(NODE_INIT, folder, libvirtd, folder);
    }
  }

  /// Takes away all that was mounted below a directory.
  public void removeBelow(Path directory) throws IOException {
    int libvirtd = libvirtd();
    for (var target : mounted(libvirtd)) {
      if (target.startsWith(directory)) {
        Linux.unmountFor(libvirtd, target);
      }
    }
  }

  private int libvirtd() throws IOException {
    return Integer.parseInt(Files.readString(libvirtPidFile).strip());
  }

  private List<Path> mounted(int pid) throws IOException {
    return MountInfo.mountPoints(
        Files.readAllLines(proc.resolve(Integer.toString(pid)).resolve("mountinfo")));
  }
}
