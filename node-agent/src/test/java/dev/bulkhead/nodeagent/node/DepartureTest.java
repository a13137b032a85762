package dev.bulkhead.nodeagent.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// On plain folders in place of a node's; on a real node it is `UninstallE2E`'s.
class DepartureTest {
  @TempDir Path node;
  private Path pid;
  private Departure departure;

  @BeforeEach
  void traces() throws IOException {
    pid = write("run/bulkhead/libvirt/libvirtd.pid");
    write("var/lib/bulkhead/log/qemu/shop.web.log");
    write("var/lib/other/kept");
    Files.createDirectories(node.resolve("cgroup/devices/bulkhead"));
    Files.createDirectories(node.resolve("cgroup/memory/bulkhead"));
    Files.createDirectories(node.resolve("cgroup/bulkhead"));
    departure = new Departure(node, node.resolve("cgroup"), pid);
  }

  @Test
  void clearsAwayWhatIsBulkheadsAndNothingElse() throws IOException {
    Files.delete(pid);
    departure.clearAway();
    assertThat(node.resolve("run/bulkhead")).doesNotExist();
    assertThat(node.resolve("var/lib/bulkhead")).doesNotExist();
    assertThat(node.resolve("cgroup/devices/bulkhead")).doesNotExist();
    assertThat(node.resolve("cgroup/memory/bulkhead")).doesNotExist();
    assertThat(node.resolve("cgroup/bulkhead")).doesNotExist();
    assertThat(node.resolve("var/lib/other/kept")).exists();
    assertThat(node.resolve("run")).exists();
  }

  @Test
  void leavesItAllToALibvirtdThatStays() throws IOException {
    departure.clearAway();
    assertThat(pid).exists();
    assertThat(node.resolve("var/lib/bulkhead/log/qemu/shop.web.log")).exists();
    assertThat(node.resolve("cgroup/devices/bulkhead")).exists();
  }

  private Path write(String file) throws IOException {
    var path = node.resolve(file);
    Files.createDirectories(path.getParent());
    return Files.writeString(path, "x");
  }
}
