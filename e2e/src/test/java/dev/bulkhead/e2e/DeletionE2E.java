package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/// `kubectl delete vm` is a clean shutdown, and afterwards the node is as if the VM had never been.
@Isolated("compares all that is on a node")
@ExtendWith(OnCluster.class)
class DeletionE2E {

  @Test
  void deletedGuestShutsDownCleanlyAndLeavesNothingOnTheNode(Lab lab, Hosts hosts) {
    var node = hosts.on("worker-1");
    var before = node.footprint();
    lab.apply(
        Manifests.tinyGuest(
            "mayfly",
            Manifests.onNode("worker-1"),
            "  disks:",
            "  - {name: root, image: {reference: %s}}".formatted(Manifests.DISK_IMAGE),
            "  - {name: scratch, empty: {size: 32Mi}}",
            "  cloudInit: {userData: \"#cloud-config\"}"));
    lab.awaitRunning("mayfly").awaitAnswer();
    assertThat(node.footprint()).as("the footprint must see a running guest").isNotEqualTo(before);

    try (var console = node.followConsole(lab, "mayfly")) {
      lab.delete("vm", "mayfly");
      lab.awaitNoPod("mayfly");
      assertThat(console.text()).contains("guest: clean shutdown");
    }
    Awaitility.await("the node to be as before")
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(node.footprint()).isEqualTo(before));
  }

  @Test
  void guestThatIgnoresTheShutdownIsCutOffAtTheEndOfItsGracePeriod(Lab lab, Hosts hosts) {
    lab.apply(
        Manifests.tinyGuest(
            "stubborn",
            "  terminationGracePeriodSeconds: 8",
            "  cloudInit:",
            "    userData: |",
            "      #!/bin/sh",
            "      : >/etc/acpi/PWRF/00000080 # the power button does nothing",
            "      exec serve"));
    lab.awaitRunning("stubborn").awaitAnswer();
    lab.delete("vm", "stubborn");
    lab.awaitNoPod("stubborn");
    assertThat(hosts.qemusOf(lab, "stubborn")).isEqualTo(List.of());
  }
}
