package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// What befalls a guest from within or below: shown, and followed by what its restart policy says.
@ExtendWith(OnCluster.class)
class GuestFaultsE2E {
  private static final Duration SHOWN_WITHIN = Duration.ofSeconds(30);

  @AfterEach
  void clear(Lab lab) {
    lab.clear();
  }

  @Test
  void kernelPanicIsACrash(Lab lab, Hosts hosts) {
    lab.apply(Manifests.tinyGuest("panics", "  restartPolicy: Never"));
    var guest = lab.awaitRunning("panics");
    guest.awaitAnswer();

    guest.tell("/cgi-bin/panic");

    var vm = lab.awaitPhase("panics", Phase.Failed);
    assertThat(vm.getStatus().getRestarts().getLastExitReason()).isEqualTo("Crashed");
    assertThat(hosts.qemusOf(lab, "panics")).isEmpty();
  }

  @Test
  void hungGuestIsEndedByItsWatchdogAndStartedAnew(Lab lab) {
    lab.apply(Manifests.tinyGuest("hangs", "  restartPolicy: OnFailure"));
    var guest = lab.awaitRunning("hangs");
    var bootId = guest.bootId();

    guest.tell("/cgi-bin/hang");

    var ended = lab.awaitVm("hangs", "ended once", vm -> vm.getStatus().getRestarts() != null);
    assertThat(ended.getStatus().getRestarts().getLastExitReason()).isEqualTo("Crashed");
    assertThat(ended.getStatus().getRestarts().getLastExitMessage()).contains("watchdog");
    lab.awaitVm(
        "hangs", "on its way to run again", vm -> vm.getStatus().getPhase() != Phase.Running);
    assertThat(lab.awaitRunning("hangs").bootId()).isNotEqualTo(bootId);
  }

  /// The container runtime cannot take the container away before the guest is.
  @Test
  void guestEndsWithItsKeeper(Lab lab, Hosts hosts) {
    lab.apply(Manifests.tinyGuest("orphan", "  restartPolicy: Never"));
    var guest = lab.awaitRunning("orphan");
    var host = hosts.on(guest.node());

    host.kill(host.keeperOf(lab, "orphan"));

    var vm = lab.awaitPhase("orphan", Phase.Failed);
    assertThat(vm.getStatus().getRestarts().getLastExitMessage()).contains("keeper was killed");
    assertThat(hosts.qemusOf(lab, "orphan")).isEmpty();
  }

  @Test
  void killedForMemoryIsACrashThatSaysSo(Lab lab, Hosts hosts) {
    // A guest that has not touched all its memory yet.
    lab.apply(Manifests.tinyGuest("squeezed", "  restartPolicy: Never").replace("96Mi", "256Mi"));
    var guest = lab.awaitRunning("squeezed");
    guest.awaitAnswer();

    hosts.on(guest.node()).limitMemory(lab, "squeezed", 4 << 20);
    guest.tell("/cgi-bin/panic"); // by touching all of its memory, so the pod's runs out before

    var vm = lab.awaitPhase("squeezed", Phase.Failed);
    assertThat(vm.getStatus().getRestarts().getLastExitReason()).isEqualTo("Crashed");
    assertThat(vm.getStatus().getRestarts().getLastExitMessage()).contains("memory");
    assertThat(hosts.qemusOf(lab, "squeezed")).isEmpty();
  }

  /// The file system below the guest's disk is one of the test's own, mounted where kubelet keeps
  /// the pod's volume before the guest's image is there and its container can start.
  @Test
  void fullFileSystemHaltsTheGuestUntilThereIsRoomAndLosesNothing(Lab lab, Hosts hosts) {
    var host = hosts.on("worker-1");
    var image = "localhost/bulkhead/brought-after-the-volume:1";
    lab.apply(
        Manifests.tinyGuest(
                "fills",
                Manifests.onNode("worker-1"),
                "  disks: [{name: data, empty: {size: 48Mi}}]")
            .replace(Manifests.TINY_KERNEL, image));
    lab.awaitVm(
        "fills",
        "without its image",
        vm -> Lab.condition(vm, "Running").getReason().equals("ImageUnavailable"));
    var volume = host.volume(lab, "fills", "disk-data");
    host.sh("mount -t tmpfs -o size=8m,mode=777 small " + volume);
    try {
      host.tagImage(Manifests.TINY_KERNEL, image);
      var guest = lab.awaitRunning("fills", Duration.ofMinutes(3));
      var bootId = guest.bootId();

      guest.tell("/cgi-bin/fill?vda");
      var halted = lab.awaitCondition("fills", "Running", "False", "OutOfSpace", SHOWN_WITHIN);
      assertThat(halted.getStatus().getPhase()).isEqualTo(Phase.Paused);
      assertThat(Lab.condition(halted, "Ready").getMessage()).contains("full");

      host.sh("mount -o remount,size=64m " + volume);
      lab.awaitRunning("fills");
      Lab.await("all that the guest wrote")
          .until(() -> guest.ask("/cgi-bin/fill"), "intact"::equals);
      assertThat(guest.bootId()).isEqualTo(bootId);
    } finally {
      // Not while QEMU has it: the unmounting would reach the container too.
      lab.kubectl().run("delete", "vm", "fills", "--wait=false");
      try {
        Lab.awaitTrue("no QEMU", () -> hosts.qemusOf(lab, "fills").isEmpty());
      } finally {
        host.sh("if mountpoint -q %1$s; then umount -l %1$s; fi".formatted(volume));
        host.removeImage(image);
      }
    }
  }
}
