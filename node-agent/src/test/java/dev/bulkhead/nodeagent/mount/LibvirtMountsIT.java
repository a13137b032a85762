package dev.bulkhead.nodeagent.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bulkhead.nodeagent.linux.Namespaced;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// With real mount namespaces: one stands for the keeper's, one for libvirtd's.
class LibvirtMountsIT {
  @TempDir Path node;
  private Path volume;
  private Path target;
  private Namespaced keeper;
  private Namespaced libvirtd;
  private LibvirtMounts mounts;

  @BeforeEach
  void aVolumeThatOnlyTheKeeperSees() throws IOException {
    volume = Files.createDirectories(node.resolve("volumes/scratch"));
    target = node.resolve("guests/uid/volumes/scratch");
    keeper =
        Namespaced.start(
            "--mount", "mount -t tmpfs volume %1$s; echo data >%1$s/file".formatted(volume));
    libvirtd = Namespaced.start("--mount", "");
    var pidFile = Files.writeString(node.resolve("libvirtd.pid"), Integer.toString(libvirtd.pid()));
    mounts = new LibvirtMounts(Path.of("/proc"), pidFile);
  }

  @AfterEach
  void endBoth() {
    keeper.close();
    libvirtd.close();
  }

  @Test
  void libvirtdSeesTheKeepersVolumeAndNobodyElseDoes() throws IOException {
    mounts.bring(keeper.pid(), volume, target);

    assertThat(seenByLibvirtd(target.resolve("file"))).hasContent("data");
    assertThat(target).isEmptyDirectory();
  }

  @Test
  void bringsAVolumeOnceHoweverOftenItIsTold() throws IOException {
    mounts.bring(keeper.pid(), volume, target);
    mounts.bring(keeper.pid(), volume, target);

    assertThat(mountsOfLibvirtd()).containsOnlyOnce(target);
  }

  @Test
  void whatIsReadOnlyStaysSo() throws IOException {
    keeper.close();
    keeper =
        Namespaced.start(
            "--mount", "mount -t tmpfs v %1$s; mount -o remount,ro,bind %1$s".formatted(volume));

    mounts.bring(keeper.pid(), volume, target);

    assertThatThrownBy(() -> Files.createFile(seenByLibvirtd(target.resolve("new"))))
        .hasMessageContaining("Read-only file system");
  }

  @Test
  void takesAwayAllOfAGuestAndNothingOfOthers() throws IOException {
    var other = node.resolve("guests/other/volumes/scratch");
    mounts.bring(keeper.pid(), volume, target);
    mounts.bring(keeper.pid(), volume, other);

    mounts.removeBelow(node.resolve("guests/uid"));

    assertThat(mountsOfLibvirtd()).contains(other).doesNotContain(target);
  }

  @Test
  void saysWhichVolumeCouldNotBeBrought() {
    assertThatThrownBy(() -> mounts.bring(keeper.pid(), node.resolve("missing"), target))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("mount " + node.resolve("missing"));
  }

  private Path seenByLibvirtd(Path path) {
    return Path.of("/proc/%d/root%s".formatted(libvirtd.pid(), path));
  }

  private List<Path> mountsOfLibvirtd() throws IOException {
    return MountInfo.mountPoints(
        Files.readAllLines(Path.of("/proc/%d/mountinfo".formatted(libvirtd.pid()))));
  }
}
