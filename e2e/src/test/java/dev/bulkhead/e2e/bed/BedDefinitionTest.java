package dev.bulkhead.e2e.bed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BedDefinitionTest {
  @TempDir Path folder;
  private Layout layout;

  @BeforeEach
  void buildComponents() throws IOException {
    layout = new Layout(folder.resolve("recipes"), folder.resolve("cache"), BedKind.CONTAINERS);
    for (var component : Layout.COMPONENTS) build(component, component + "-1");
    Files.createDirectories(layout.machineFiles());
    Files.writeString(layout.machineFiles().resolve("worker"), "exec kubelet");
  }

  @Test
  void everyWorkerKnowsTheWayToThePodsOfTheOthers() {
    var workers = BedDefinition.of(layout, false).workers();
    for (var worker : workers) {
      for (var peer : workers) {
        var route = peer.environment().get("POD_CIDR") + "=" + peer.address();
        var routes = List.of(worker.environment().get("PEER_ROUTES").split(" "));
        assertThat(routes.contains(route))
            .as("%s to %s", worker.name(), peer.name())
            .isEqualTo(!peer.equals(worker));
      }
    }
  }

  @Test
  void workersGetKvmOnlyWhereItCanRunGuests() {
    assertThat(BedDefinition.of(layout, true).workers())
        .allSatisfy(worker -> assertThat(worker.devices()).contains("/dev/kvm"));
    assertThat(BedDefinition.of(layout, false).workers())
        .allSatisfy(worker -> assertThat(worker.devices()).doesNotContain("/dev/kvm"));
  }

  @Test
  void bedsSideBySideShareNothingThatDockerNames() {
    var containers = BedKind.CONTAINERS;
    var passthrough = BedKind.PASSTHROUGH;
    assertThat(passthrough.containerName("cp")).isNotEqualTo(containers.containerName("cp"));
    assertThat(passthrough.network()).isNotEqualTo(containers.network());
    assertThat(passthrough.label()).isNotEqualTo(containers.label());
    assertThat(passthrough.subnet()).isNotEqualTo(containers.subnet());
    assertThat(passthrough.state()).isNotEqualTo(containers.state());
  }

  @Test
  void commandsForAMachineWithinAContainerAreTakenInside() {
    var passthrough = new Layout(layout.recipes(), layout.cache(), BedKind.PASSTHROUGH);
    var machines = BedDefinition.of(passthrough, true).machines();
    assertThat(machines.getLast().entered("id", "-u")).containsExactly("/bed/enter", "id", "-u");
    assertThat(machines.getFirst().entered("id")).containsExactly("id");
  }

  @Test
  void noMachineGetsTheKeysOfAnother() {
    var machines = BedDefinition.of(layout, false).machines();
    assertThat(machines)
        .extracting(machine -> source(machine, "/pki"))
        .doesNotHaveDuplicates()
        .hasSize(3);
  }

  @Test
  void anotherVersionOfAComponentMakesAnotherBed() throws IOException {
    var before = fingerprint();
    assertThat(fingerprint()).isEqualTo(before);

    build("etcd", "etcd-2");
    assertThat(fingerprint()).isNotEqualTo(before);
  }

  @Test
  void anotherEntryPointMakesAnotherBed() throws IOException {
    var before = fingerprint();
    Files.writeString(layout.machineFiles().resolve("worker"), "exec kubelet --v=9");
    assertThat(fingerprint()).isNotEqualTo(before);
  }

  @Test
  void missingComponentIsNamedWithTheWayToBuildIt() throws IOException {
    Files.delete(layout.cache().resolve("tools/runc"));
    assertThatThrownBy(() -> BedDefinition.of(layout, false))
        .hasMessage("runc is not built: run `make tools`");
  }

  private String fingerprint() {
    return Fingerprint.of(BedDefinition.of(layout, false), layout.machineFiles(), "sha256:1");
  }

  private void build(String component, String folderName) throws IOException {
    var tools = layout.cache().resolve("tools");
    Files.createDirectories(tools.resolve(folderName));
    Files.deleteIfExists(tools.resolve(component));
    Files.createSymbolicLink(tools.resolve(component), Path.of(folderName));
  }

  private static Path source(Machine machine, String target) {
    return machine.mounts().entrySet().stream()
        .filter(mount -> mount.getValue().equals(target))
        .findFirst()
        .orElseThrow()
        .getKey();
  }
}
