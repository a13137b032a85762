package dev.bulkhead.nodeagent.keeper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.domain.Specs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CgroupsTest {
  private static final String UID = Specs.POD.value();
  private static final String UID_ = UID.replace('-', '_');

  @TempDir Path root;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kubepods/pod%1$s/c1",
        "kubepods/burstable/pod%1$s/c1",
        "kubelet/kubepods/besteffort/pod%1$s/c1",
        "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod%2$s.slice/cri-c1.scope",
        "kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod%2$s.slice/c1.scope",
      })
  void findsAPodsContainersHoweverKubeletAndRuntimeNameThem(String layout) throws IOException {
    var container = Path.of(layout.formatted(UID, UID_));
    container(root, container, 1, 4711);
    Files.createFile(root.resolve("cgroup.controllers"));
    var cgroups = new Cgroups(root);

    assertThat(cgroups.containersOf(Specs.POD)).containsExactly(container);
    assertThat(cgroups.processes(container)).containsExactly(1, 4711);
    assertThat(cgroups.directories(container)).containsExactly(root.resolve(container));
  }

  @ParameterizedTest
  @CsvSource({
    "memory.oom_control, oom_kill_disable 0\\nunder_oom 0\\noom_kill 1, true",
    "memory.oom_control, oom_kill_disable 0\\nunder_oom 1\\noom_kill 0, false",
    "memory.events,      low 0\\nmax 7\\noom 1\\noom_kill 12\\noom_group_kill 0, true",
    "memory.events,      low 0\\nmax 7\\noom 1\\noom_kill 0\\noom_group_kill 0, false",
  })
  void knowWhetherMemoryRanOut(String file, String content, boolean ranOut) throws IOException {
    Files.writeString(root.resolve(file), content.replace("\\n", "\n") + "\n");

    assertThat(Cgroups.ranOutOfMemory(List.of(root, root.resolve("none")))).isEqualTo(ranOut);
  }

  @Test
  void onVersion1FindsTheContainerUnderEachController() throws IOException {
    var container = Path.of("kubepods/burstable/pod" + UID + "/c1");
    for (var controller : new String[] {"memory", "cpu,cpuacct", "devices"}) {
      container(root.resolve(controller), container, 4711);
    }
    Files.createDirectories(root.resolve("rdma"));
    Files.createSymbolicLink(root.resolve("cpu"), Path.of("cpu,cpuacct"));

    assertThat(new Cgroups(root).directories(container))
        .containsExactlyInAnyOrder(
            root.resolve("memory").resolve(container),
            root.resolve("cpu,cpuacct").resolve(container),
            root.resolve("devices").resolve(container));
  }

  @Test
  void thereIsRoomBesidesAContainerForWhatIsNotToBeConfinedLikeIt() throws IOException {
    var pod = Path.of("kubepods/pod" + UID);
    for (var controller : new String[] {"memory", "devices"}) {
      container(root.resolve(controller), pod.resolve("c1"), 4711);
    }
    var cgroups = new Cgroups(root);
    var besides = cgroups.besides(cgroups.directories(pod.resolve("c1")));

    assertThat(besides).containsExactly(root.resolve("devices").resolve(pod).resolve("attaching"));
    assertThat(besides.getFirst()).isDirectory();
    assertThat(cgroups.besides(cgroups.directories(pod.resolve("c1")))).isEqualTo(besides);
    cgroups.remove(besides);
    assertThat(besides.getFirst()).doesNotExist();
  }

  @Test
  void onVersion2ThatRoomIsInTheOneTree() throws IOException {
    var pod = Path.of("kubepods.slice/kubepods-pod" + UID_ + ".slice");
    container(root, pod.resolve("c1.scope"), 4711);
    Files.createFile(root.resolve("cgroup.controllers"));

    assertThat(new Cgroups(root).besides(List.of(root.resolve(pod).resolve("c1.scope"))))
        .containsExactly(root.resolve(pod).resolve("attaching"));
  }

  @Test
  void findsNothingOfAPodThatIsNotThere() throws IOException {
    container(root, Path.of("kubepods/podb0000000-0000-4000-8000-000000000000/c1"), 1);
    Files.createFile(root.resolve("cgroup.controllers"));

    assertThat(new Cgroups(root).containersOf(Specs.POD)).isEmpty();
  }

  static void container(Path controller, Path container, int... pids) throws IOException {
    var directory = Files.createDirectories(controller.resolve(container));
    var lines = new StringBuilder();
    for (int pid : pids) {
      lines.append(pid).append('\n');
    }
    Files.writeString(directory.resolve("cgroup.procs"), lines);
  }
}
