package dev.bulkhead.nodeagent.hypervisor.libvirt;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/// A real libvirtd with a real QEMU, of an unprivileged user and in a folder of its own, so that it
/// meets no other one.
final class PrivateLibvirtd implements AutoCloseable {
  /// `nobody`; root's libvirtd would be the machine's own.
  private static final int UID = 65534;

  private final Path folder;
  private Process process;

  PrivateLibvirtd(Path folder) throws IOException {
    this.folder = folder;
    for (var directory : List.of(folder, runtime(), folder.resolve("home"))) {
      Files.createDirectories(directory);
      Files.setAttribute(directory, "unix:uid", UID, LinkOption.NOFOLLOW_LINKS);
    }
  }

  void start() throws IOException {
    process =
        new ProcessBuilder(
                "setpriv",
                "--reuid=" + UID,
                "--regid=" + UID,
                "--clear-groups",
                "env",
                "HOME=" + folder.resolve("home"),
                "XDG_RUNTIME_DIR=" + runtime(),
                "XDG_CONFIG_HOME=" + folder.resolve("home/config"),
                "XDG_CACHE_HOME=" + folder.resolve("home/cache"),
                "/usr/sbin/libvirtd")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("libvirtd.log").toFile())
            .start();
    await("libvirtd's socket").until(() -> Files.exists(socket()));
  }

  /// As by kill -9: guests go on.
  void kill() throws IOException, InterruptedException {
    process.destroyForcibly().waitFor();
    Files.deleteIfExists(socket());
  }

  private Path runtime() {
    return folder.resolve("run");
  }

  private Path socket() {
    return runtime().resolve("libvirt/libvirt-sock");
  }

  String uri() {
    return "qemu:///session?socket=" + socket();
  }

  LibvirtHypervisor connection() {
    return new LibvirtHypervisor(
        uri(),
        runtime().resolve("libvirt/qemu/run"),
        folder.resolve("home/cache/libvirt/qemu/log"));
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
