package dev.bulkhead.nodeagent.keeper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.domain.Specs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
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
