package dev.bulkhead.nodeagent.keeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bulkhead.nodeagent.domain.Specs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeepersTest {
  private static final Path CONTAINER = Path.of("kubepods", "pod" + Specs.POD, "c1");

  @TempDir Path node;
  private Path proc;
  private Keepers keepers;

  @BeforeEach
  void aNode() throws IOException {
    proc = node.resolve("proc");
    var cgroups = node.resolve("cgroup");
    CgroupsTest.container(cgroups.resolve("memory"), CONTAINER, 10, 11);
    CgroupsTest.container(cgroups.resolve("cpu"), CONTAINER, 10, 11);
    keepers = new Keepers(proc, cgroups);
  }

  @Test
  void findsTheKeeperAmongThePodsProcesses() throws IOException {
    process(10, "qemu-system-x86");
    process(11, "keeper");

    assertThat(keepers.find(Specs.POD))
        .hasValueSatisfying(
            keeper -> {
              assertThat(keeper.pid()).isEqualTo(11);
              assertThat(keeper.volumes().scratch())
                  .isEqualTo(proc.resolve("11/root/volumes/scratch"));
            });
  }

  @Test
  void whateverIsDoneBesidesTheKeeperTheProcessIsBackAfterwards() throws IOException {
    var cgroups = node.resolve("cgroup");
    CgroupsTest.container(cgroups.resolve("devices"), CONTAINER, 10, 11);
    process(11, "keeper");
    var keeper = keepers.find(Specs.POD).orElseThrow();
    var home = cgroups.resolve("devices").resolve(CONTAINER).resolve("cgroup.procs");
    var besides = cgroups.resolve("devices/kubepods/pod" + Specs.POD + "/attaching");
    Files.createDirectories(besides);
    Files.createFile(besides.resolve("cgroup.procs"));
    Files.writeString(home, "");

    assertThatThrownBy(
            () ->
                keepers.besides(
                    keeper,
                    10,
                    () -> {
                      assertThat(besides.resolve("cgroup.procs")).hasContent("10");
                      assertThat(home).isEmptyFile();
                      delete(besides.resolve("cgroup.procs")); // is no file in a real one
                      throw new IllegalStateException("no answer");
                    }))
        .hasMessage("no answer");
    assertThat(home).hasContent("10");
  }

  @Test
  void findsNoneInAPodWithoutOne() throws IOException {
    process(10, "pause");
    process(11, "sh");

    assertThat(keepers.find(Specs.POD)).isEmpty();
  }

  @Test
  void findsNoneWhenItEndsWhileItIsLookedFor() throws IOException {
    process(10, "pause");

    assertThat(keepers.find(Specs.POD)).isEmpty();
  }

  @Test
  void findsItAlthoughAnotherProcessEndsMeanwhile() throws IOException {
    process(11, "keeper");

    var keeper = keepers.find(Specs.POD).orElseThrow();
    assertThat(keepers.alive(keeper)).isTrue();
    Files.delete(proc.resolve("11/comm"));
    assertThat(keepers.alive(keeper)).isFalse();
  }

  @Test
  void movesQemuIntoAllCgroupsOfTheKeeper() throws IOException {
    process(10, "pause");
    process(11, "keeper");
    var keeper = keepers.find(Specs.POD).orElseThrow();

    keepers.adopt(keeper, 99);

    for (var controller : List.of("memory", "cpu")) {
      assertThat(node.resolve("cgroup").resolve(controller).resolve(CONTAINER))
          .satisfies(
              cgroup -> assertThat(cgroup.resolve("cgroup.procs")).content().startsWith("99"));
    }
  }

  @Test
  void leavesTheReasonBeforeItEndsTheKeeper() throws IOException, InterruptedException {
    // A signal that was ignored when a shell started, as under nohup, cannot be trapped.
    var process =
        new ProcessBuilder(
                "env",
                "--default-signal=HUP",
                "sh",
                "-c",
                "trap 'exit 7' HUP; echo ready; while :; do sleep 0.01; done")
            .start();
    assertThat(process.inputReader().readLine()).isEqualTo("ready");
    var root = Files.createDirectories(node.resolve("root/dev")).getParent();
    var log = Files.createFile(root.resolve("dev/termination-log"));
    var keeper = new Keeper(Specs.POD, (int) process.pid(), root, List.of());

    keepers.end(keeper, Exit.START_FAILED, "no kernel in the image");

    assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(7);
    assertThat(log).hasContent("no kernel in the image");
  }

  @Test
  void hasNobodyToTellWhenTheKeeperIsGone() {
    var keeper = new Keeper(Specs.POD, Integer.MAX_VALUE, node.resolve("gone"), List.of());

    assertThatCode(() -> keepers.end(keeper, Exit.POWERED_OFF, "done")).doesNotThrowAnyException();
  }

  private void process(int pid, String name) throws IOException {
    var directory = Files.createDirectories(proc.resolve(Integer.toString(pid)));
    Files.writeString(directory.resolve("comm"), name + "\n");
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
