package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import java.time.Duration;
import java.time.Instant;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// restartPolicy x how the guest ended, row by row as in docs/restart-policy.md.
@ExtendWith(OnCluster.class)
class RestartPolicyE2E {

  enum End {
    POWERS_OFF,
    REBOOTS,
    KILLED
  }

  enum Outcome {
    STARTED_ANEW,
    STAYS_IN_PLACE,
    STOPPED,
    FAILED
  }

  @AfterEach
  void clear(Lab lab) {
    lab.clear();
  }

  @ParameterizedTest(name = "{0}: a guest that {1} is {2}")
  @CsvSource({
    "Always,    POWERS_OFF, STARTED_ANEW",
    "Always,    REBOOTS,    STAYS_IN_PLACE",
    "Always,    KILLED,     STARTED_ANEW",
    "OnFailure, POWERS_OFF, STOPPED",
    "OnFailure, REBOOTS,    STAYS_IN_PLACE",
    "OnFailure, KILLED,     STARTED_ANEW",
    "Never,     POWERS_OFF, STOPPED",
    "Never,     REBOOTS,    STAYS_IN_PLACE",
    "Never,     KILLED,     FAILED",
  })
  void restartPolicyDecidesWhatFollowsTheEndOfAGuest(
      String policy, End end, Outcome outcome, Lab lab, Hosts hosts) {
    lab.apply(Manifests.tinyGuest("row", "  restartPolicy: " + policy));
    var guest = lab.awaitRunning("row");
    var podUid = podUid(lab);
    var bootId = guest.bootId();

    switch (end) {
      case POWERS_OFF -> guest.tell("/cgi-bin/poweroff");
      case REBOOTS -> guest.tell("/cgi-bin/reboot");
      case KILLED -> hosts.on(guest.node()).kill(hosts.on(guest.node()).qemuOf(lab, "row"));
    }

    switch (outcome) {
      case STARTED_ANEW -> {
        Lab.await("another pod")
            .until(() -> podUid(lab), uid -> uid != null && !uid.equals(podUid));
        var again = lab.awaitRunning("row");
        assertThat(again.bootId()).isNotEqualTo(bootId);
        assertThat(lab.vm("row").get().getStatus().getRestarts().getCount())
            .as(() -> lab.describe("row"))
            .isEqualTo(1);
      }
      case STAYS_IN_PLACE -> {
        Awaitility.await("another boot")
            .atMost(Lab.PATIENCE)
            .until(() -> !guest.bootId().equals(bootId));
        assertThat(podUid(lab)).isEqualTo(podUid);
      }
      case STOPPED -> {
        var vm = lab.awaitPhase("row", Phase.Stopped);
        assertThat(vm.getStatus().getRestarts().getLastExitReason()).isEqualTo("PoweredOff");
        assertThat(hosts.qemusOf(lab, "row")).isEmpty();
      }
      case FAILED -> {
        var vm = lab.awaitPhase("row", Phase.Failed);
        assertThat(vm.getStatus().getRestarts().getLastExitReason()).isEqualTo("Crashed");
        assertThat(hosts.qemusOf(lab, "row")).isEmpty();
      }
    }
  }

  @Test
  void backOffGrowsAndIsShown(Lab lab, Hosts hosts) {
    lab.apply(Manifests.tinyGuest("loop"));
    var guest = lab.awaitRunning("loop");
    hosts.on(guest.node()).kill(hosts.on(guest.node()).qemuOf(lab, "loop"));
    lab.awaitVm(
        "loop",
        "one restart",
        vm ->
            Integer.valueOf(1)
                .equals(
                    vm.getStatus().getRestarts() == null
                        ? null
                        : vm.getStatus().getRestarts().getCount()));
    var second = lab.awaitRunning("loop");
    hosts.on(second.node()).kill(hosts.on(second.node()).qemuOf(lab, "loop"));

    var waiting =
        lab.awaitVm(
            "loop",
            "waiting for its second restart",
            Duration.ofSeconds(15),
            vm ->
                vm.getStatus().getRestarts().getNextStartTime() != null
                    && "BackOff".equals(Lab.condition(vm, "Running").getReason()));
    var restarts = waiting.getStatus().getRestarts();
    assertThat(restarts.getLastExitReason()).isEqualTo("Crashed");
    assertThat(
            Duration.between(
                Instant.parse(restarts.getLastExitTime()),
                Instant.parse(restarts.getNextStartTime())))
        .as("10 s, from when the operator saw the end")
        .isBetween(Duration.ofSeconds(10), Duration.ofSeconds(25));
    lab.awaitRunning("loop");
    assertThat(lab.vm("loop").get().getStatus().getRestarts().getCount()).isEqualTo(2);
  }

  private static String podUid(Lab lab) {
    var pod = lab.client().pods().inNamespace(lab.namespace()).withName("row").get();
    return pod == null ? null : pod.getMetadata().getUid();
  }
}
