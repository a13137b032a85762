package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What befalls a guest from within or below: shown, and followed by what its restart policy says.
@ExtendWith(OnCluster.class)
class GuestFaultsE2E {
  private static final Duration SHOWN_WITHIN = Duration.ofSeconds(30);

  @AfterEach
  void clear(Lab lab) {
    lab.clear();
  }

  /// What ends a guest that did not choose to, and words of what its user reads of it.
  enum Fault {
    KERNEL_PANICS("kernel panicked", "96Mi"),
    /// With more memory than it has touched when it runs.
    RUNS_OUT_OF_MEMORY("memory of its pod or node ran out", "256Mi"),
    HANGS("stopped feeding its watchdog", "96Mi");

    final String words;
    final String memory;

    Fault(String words, String memory) {
      this.words = words;
      this.memory = memory;
    }

    void befall(Lab lab, Hosts hosts, Guest guest) {
      switch (this) {
        case KERNEL_PANICS -> guest.tell("/cgi-bin/panic");
        // It panics by touching all of its memory, so its pod's runs out before.
        case RUNS_OUT_OF_MEMORY -> {
          hosts.on(guest.node()).limitMemory(lab, guest.name(), 4 << 20);
          guest.tell("/cgi-bin/panic");
        }
        case HANGS -> guest.tell("/cgi-bin/hang");
      }
    }
  }

  /// A guest of each policy, side by side.
  @ParameterizedTest
  @EnumSource
  void everyPolicyIsFollowedWhenAGuest(Fault fault, Lab lab, Hosts hosts) {
    var policies = List.of("Always", "OnFailure", "Never");
    lab.apply(
        policies.stream()
            .map(policy -> Manifests.tinyGuest(vm(policy), "  restartPolicy: " + policy))
            .map(manifest -> manifest.replace("96Mi", fault.memory))
            .toArray(String[]::new));
    var guests = policies.stream().map(policy -> lab.awaitRunning(vm(policy))).toList();
    var bootIds = guests.stream().collect(Collectors.toMap(Guest::name, Guest::bootId));

    guests.forEach(guest -> fault.befall(lab, hosts, guest));

    for (var policy : List.of("Always", "OnFailure")) {
      var vm = vm(policy);
      var again = awaitStartedAnew(lab, vm, fault);
      assertThat(again.bootId()).as("boot id of " + vm).isNotEqualTo(bootIds.get(vm));
      assertThat(hosts.qemusOf(lab, vm)).as("QEMUs of " + vm).hasSize(1);
    }
    assertFailed(lab, hosts, vm("Never"), fault);
  }

  private static String vm(String policy) {
    return policy.toLowerCase(Locale.ROOT);
  }

  /// The status tells of the end and of the new run together: it said Running before the end too.
  private static Guest awaitStartedAnew(Lab lab, String vm, Fault fault) {
    var anew =
        lab.awaitVm(
            vm,
            "Running and Ready once more after one end",
            again ->
                again.getStatus().getRestarts() != null
                    && again.getStatus().getPhase() == Phase.Running
                    && "True".equals(Lab.condition(again, "Ready").getStatus()));
    assertEnded(anew, fault);
    assertThat(anew.getStatus().getRestarts().getCount()).as(() -> lab.describe(vm)).isEqualTo(1);
    return lab.awaitRunning(vm);
  }

  private static void assertFailed(Lab lab, Hosts hosts, String vm, Fault fault) {
    var failed = lab.awaitPhase(vm, Phase.Failed);
    assertEnded(failed, fault);
    assertThat(failed.getStatus().getRestarts().getCount()).as("starts after the first").isZero();
    for (var type : List.of("Running", "Ready")) {
      assertThat(Lab.condition(failed, type).getStatus()).as(type).isEqualTo("False");
      assertThat(Lab.condition(failed, type).getReason()).as(type).isEqualTo("Crashed");
      assertThat(Lab.condition(failed, type).getMessage())
          .as(type)
          .contains(fault.words, "spec.restartPolicy leaves it so");
    }
    assertThat(hosts.qemusOf(lab, vm)).as("QEMUs of " + vm).isEmpty();
  }

  private static void assertEnded(VirtualMachine vm, Fault fault) {
    assertThat(vm.getStatus().getRestarts().getLastExitReason()).isEqualTo("Crashed");
    assertThat(vm.getStatus().getRestarts().getLastExitMessage()).contains(fault.words);
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

  /// What the guest writes to: a file of the size of its disk, or one that grows over an image.
  enum Written {
    EMPTY_DISK("empty: {size: 48Mi}", "disk-data"),
    OVERLAY("image: {reference: %s}".formatted(Manifests.DISK_IMAGE), "scratch");

    final String disk;

    /// Of the pod, which has that file.
    final String volume;

    Written(String disk, String volume) {
      this.disk = disk;
      this.volume = volume;
    }
  }

  /// The file system below the guest's disk is one of the test's own, mounted where kubelet keeps
  /// the pod's volume before the guest's image is there and its container can start.
  @ParameterizedTest
  @EnumSource
  void fullFileSystemHaltsTheGuestUntilThereIsRoomAndLosesNothing(
      Written written, Lab lab, Hosts hosts) {
    var host = hosts.on("worker-1");
    var name = written.name().toLowerCase(Locale.ROOT).replace('_', '-');
    var image = "localhost/bulkhead/brought-after-the-volume:" + name;
    var vm = "fills-" + name;
    lab.apply(
        Manifests.tinyGuest(
                vm,
                Manifests.onNode("worker-1"),
                "  disks: [{name: data, %s}]".formatted(written.disk))
            .replace(Manifests.TINY_KERNEL, image));
    lab.awaitVm(
        vm,
        "without its image",
        v -> "ImageUnavailable".equals(Lab.condition(v, "Running").getReason()));
    var volume = host.volume(lab, vm, written.volume);
    host.sh("mount -t tmpfs -o size=8m,mode=777 small " + volume);
    try {
      host.tagImage(Manifests.TINY_KERNEL, image);
      var guest = lab.awaitRunning(vm, Duration.ofMinutes(3));
      var bootId = guest.bootId();

      guest.tell("/cgi-bin/fill?vda");
      var halted = lab.awaitCondition(vm, "Running", "False", "OutOfSpace", SHOWN_WITHIN);
      assertThat(halted.getStatus().getPhase()).isEqualTo(Phase.Paused);
      assertThat(Lab.condition(halted, "Ready").getMessage()).contains("full");

      host.sh("mount -o remount,size=64m " + volume);
      lab.awaitRunning(vm);
      Lab.await("all that the guest wrote")
          .until(() -> guest.ask("/cgi-bin/fill"), "intact"::equals);
      assertThat(guest.bootId()).isEqualTo(bootId);
    } finally {
      // Not while QEMU has it: the unmounting would reach the container too.
      lab.kubectl().run("delete", "vm", vm, "--wait=false");
      try {
        Lab.awaitTrue("no QEMU", () -> hosts.qemusOf(lab, vm).isEmpty());
      } finally {
        host.sh("if mountpoint -q %1$s; then umount -l %1$s; fi".formatted(volume));
        host.removeImage(image);
      }
    }
  }
}
