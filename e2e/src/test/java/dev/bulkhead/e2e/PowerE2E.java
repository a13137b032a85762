package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// spec.power, and what a change of the spec does to a running guest.
@ExtendWith(OnCluster.class)
class PowerE2E {

  @AfterEach
  void clear(Lab lab) {
    lab.clear();
  }

  @Test
  void goesThroughRunningStoppedRunningPausedRunning(Lab lab, Hosts hosts) {
    lab.apply(Manifests.tinyGuest("switch"));
    var first = lab.awaitRunning("switch");
    var firstBoot = first.bootId();

    lab.patch("switch", "{\"spec\":{\"power\":\"Stopped\"}}");
    lab.awaitPhase("switch", Phase.Stopped);
    lab.awaitNoPod("switch");
    assertThat(hosts.qemusOf(lab, "switch")).isEmpty();

    lab.patch("switch", "{\"spec\":{\"power\":\"Running\"}}");
    var second = lab.awaitRunning("switch");
    var secondBoot = second.bootId();
    assertThat(secondBoot).isNotEqualTo(firstBoot);

    lab.patch("switch", "{\"spec\":{\"power\":\"Paused\"}}");
    lab.awaitPhase("switch", Phase.Paused);
    second.awaitSilence(Duration.ofSeconds(20));

    lab.patch("switch", "{\"spec\":{\"power\":\"Running\"}}");
    var third = lab.awaitRunning("switch");
    assertThat(third.bootId()).as("a pause is no reboot").isEqualTo(secondBoot);
  }

  @Test
  void pausedFromTheStartDoesNotRunAnInstruction(Lab lab, Hosts hosts) {
    lab.apply(Manifests.tinyGuest("sleeper", "  power: Paused"));
    var vm = lab.awaitPhase("sleeper", Phase.Paused);
    var node = hosts.on(vm.getStatus().getNode());
    assertThat(node.console(lab, "sleeper")).isEmpty();
    lab.patch("sleeper", "{\"spec\":{\"power\":\"Running\"}}");
    lab.awaitRunning("sleeper").awaitAnswer();
  }

  @Test
  void editOfARunningGuestWaitsForARestartAndSaysWhatDiffers(Lab lab) {
    lab.apply(Manifests.tinyGuest("grow"));
    var guest = lab.awaitRunning("grow");
    var bootId = guest.bootId();
    assertThat(guest.cpus()).isEqualTo(1);
    assertThat(Lab.condition(lab.vm("grow").get(), "RestartRequired").getStatus())
        .isNotEqualTo("True");

    lab.patch("grow", "{\"spec\":{\"cpu\":{\"cores\":2}}}");
    var edited =
        lab.awaitVm(
            "grow",
            "RestartRequired",
            Duration.ofSeconds(15),
            vm -> "True".equals(Lab.condition(vm, "RestartRequired").getStatus()));
    assertThat(Lab.condition(edited, "RestartRequired").getMessage())
        .contains("spec.cpu.cores")
        .contains("1")
        .contains("2");
    assertThat(guest.bootId()).as("nothing changes before a restart").isEqualTo(bootId);
    assertThat(guest.cpus()).isEqualTo(1);

    lab.patch("grow", "{\"spec\":{\"power\":\"Stopped\"}}");
    lab.awaitPhase("grow", Phase.Stopped);
    lab.patch("grow", "{\"spec\":{\"power\":\"Running\"}}");
    var restarted = lab.awaitRunning("grow");
    assertThat(restarted.cpus()).isEqualTo(2);
    assertThat(Lab.condition(lab.vm("grow").get(), "RestartRequired").getStatus())
        .isNotEqualTo("True");
  }

  @Test
  void editTakenBackNeedsNoRestart(Lab lab) {
    lab.apply(Manifests.tinyGuest("undo"));
    lab.awaitRunning("undo");
    lab.patch("undo", "{\"spec\":{\"memory\":{\"size\":\"128Mi\"}}}");
    lab.awaitVm(
        "undo",
        "RestartRequired",
        vm -> "True".equals(Lab.condition(vm, "RestartRequired").getStatus()));
    lab.patch("undo", "{\"spec\":{\"memory\":{\"size\":\"96Mi\"}}}");
    lab.awaitVm(
        "undo",
        "no restart required",
        vm -> !"True".equals(Lab.condition(vm, "RestartRequired").getStatus()));
  }

  @Test
  void disksAreWhatTheSpecSays(Lab lab) {
    lab.apply(
        Manifests.tinyGuest(
            "disks",
            "  disks:",
            "  - {name: root, image: {reference: %s}}".formatted(Manifests.DISK_IMAGE),
            "  - {name: scratch, empty: {size: 32Mi}}",
            "  - {name: many, bus: SCSI, empty: {size: 8Mi}}"));
    var disks = lab.awaitRunning("disks").ask("/cgi-bin/disks");
    assertThat(List.of(disks.split("\n")))
        .anySatisfy(line -> assertThat(line).contains("root"))
        .anySatisfy(line -> assertThat(line).contains("scratch").contains("33554432"))
        .anySatisfy(line -> assertThat(line).contains("many").contains("8388608"));
  }

  /// From SATA, because the tiny guest's kernel has no driver for it: there it is the firmware that
  /// proves the disk.
  @Test
  void bootsADiskImageByBiosAndByUefi(Lab lab) {
    lab.apply(
        bootedFromDisk("boot-bios", "BIOS", "SATA"), bootedFromDisk("boot-uefi", "UEFI", "Virtio"));
    lab.awaitRunning("boot-bios").awaitAnswer();
    lab.awaitRunning("boot-uefi").awaitAnswer();
  }

  /// 256 MiB: GRUB under UEFI runs out of memory with 192.
  private static String bootedFromDisk(String name, String firmware, String bus) {
    return Manifests.virtualMachine(
        name,
        """
          cpu: {cores: 1}
          memory: {size: 256Mi}
          firmware: {type: %s}
          disks:
          - {name: root, bus: %s, image: {reference: %s}}
        """
            .formatted(firmware, bus, Manifests.DISK_IMAGE));
  }
}
