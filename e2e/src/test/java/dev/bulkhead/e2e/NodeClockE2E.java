package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A node whose clock is not that of the control plane. Only the machine of the passthrough bed has
/// one of its own.
@Isolated("sets a clock")
@OnPassthroughBed
class NodeClockE2E {
  private static final String NODE = "machine";

  /// An emulated machine is slow. But the clocks are further apart, so nothing can have waited for
  /// one of them to reach the other.
  private static final Duration USUAL = Duration.ofMinutes(4);

  @AfterEach
  void clear(Lab lab, Hosts hosts) {
    setClock(hosts, Duration.ZERO);
    replaceAgentPod(lab);
    lab.clear();
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"PT5M", "PT-5M"})
  void guestsLiveAsOnAnyNodeWhereTheClockIsWrongBy(Duration difference, Lab lab, Hosts hosts) {
    awaitCertificatesValidAt(hosts, difference);
    setClock(hosts, difference);
    replaceAgentPod(lab);

    lab.apply(Manifests.tinyGuest("timeless", Manifests.onNode(NODE)));
    awaitRuns(lab, hosts, 0);

    hosts.on(NODE).kill(hosts.on(NODE).qemuOf(lab, "timeless"));
    awaitRuns(lab, hosts, 1);
    hosts.on(NODE).kill(hosts.on(NODE).qemuOf(lab, "timeless"));
    assertStartsAgainIn(Duration.ofSeconds(10), lab);
    awaitRuns(lab, hosts, 2);

    stopCleanly(lab, hosts);
    lab.patch("timeless", "{\"spec\":{\"power\":\"Running\"}}");
    awaitRuns(lab, hosts, 0);

    lab.delete("vm", "timeless");
    lab.awaitNoPod("timeless");
    assertThat(hosts.qemusOf(lab, "timeless")).isEmpty();
    assertThat(hosts.on(NODE).sh("date +%s").strip())
        .as("the clock is still wrong")
        .satisfies(now -> isOffBy(difference, Long.parseLong(now)));
  }

  /// The status tells of an end and of the next run together, and of ends since the last stop.
  private static void awaitRuns(Lab lab, Hosts hosts, int restarts) {
    lab.awaitVm(
        "timeless", "started after %d ends".formatted(restarts), USUAL, vm -> right(vm, restarts));
    lab.awaitRunning("timeless").awaitAnswer();
    assertThat(hosts.qemusOf(lab, "timeless")).hasSize(1);
  }

  private static boolean right(VirtualMachine vm, int restarts) {
    var told = vm.getStatus().getRestarts();
    return (told == null ? 0 : told.getCount()) == restarts && Lab.runsAsSpecified(vm);
  }

  private static void assertStartsAgainIn(Duration backOff, Lab lab) {
    var waiting =
        lab.awaitVm(
            "timeless",
            "waiting for its next start",
            USUAL,
            vm ->
                "BackOff".equals(Lab.condition(vm, "Running").getReason())
                    && vm.getStatus().getRestarts().getNextStartTime() != null);
    var next = Instant.parse(waiting.getStatus().getRestarts().getNextStartTime());
    assertThat(Duration.between(Instant.now(), next)).isLessThanOrEqualTo(backOff);
  }

  /// Its deletion's deadline is a time of the API server's, and not yet there.
  private static void stopCleanly(Lab lab, Hosts hosts) {
    try (var console = hosts.on(NODE).followConsole(lab, "timeless")) {
      lab.patch("timeless", "{\"spec\":{\"power\":\"Stopped\"}}");
      lab.awaitVm("timeless", "stopped", USUAL, vm -> vm.getStatus().getPhase() == Phase.Stopped);
      lab.awaitNoPod("timeless");
      assertThat(console.text()).contains("guest: clean shutdown");
    }
    assertThat(hosts.qemusOf(lab, "timeless")).isEmpty();
  }

  private static void setClock(Hosts hosts, Duration difference) {
    var time = Instant.now().plus(difference);
    hosts
        .on(NODE)
        .sh("date -s @%d.%09d >/dev/null".formatted(time.getEpochSecond(), time.getNano()));
  }

  private static void isOffBy(Duration difference, long seconds) {
    assertThat(Instant.ofEpochSecond(seconds))
        .isCloseTo(Instant.now().plus(difference), within(30, ChronoUnit.SECONDS));
  }

  /// Those of the bed are valid from when it was made.
  private static void awaitCertificatesValidAt(Hosts hosts, Duration difference) {
    var validFrom =
        "date +%s -d \"$(openssl x509 -noout -startdate -in /pki/ca.crt | cut -d = -f 2)\"";
    var made = Instant.ofEpochSecond(Long.parseLong(hosts.on(NODE).sh(validFrom).strip()));
    Awaitility.await("the bed's certificates to be valid by the other clock too")
        .atMost(difference.abs().plusMinutes(2))
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> Instant.now().plus(difference).isAfter(made.plusSeconds(30)));
  }

  /// With it, all that runs of ours has begun by the clock as it is. It is not killed: of two
  /// containers of one name kubelet takes that for the present one which was made later, by the
  /// node's clock, and would not see the new one.
  private static void replaceAgentPod(Lab lab) {
    var pod = Deployment.agentPod(lab.client(), NODE);
    lab.client().resource(pod).withGracePeriod(5).delete();
    Awaitility.await("another agent pod, ready")
        .atMost(USUAL)
        .pollInterval(Duration.ofMillis(300))
        .until(() -> Deployment.readyAgentPodOtherThan(lab.client(), NODE, pod));
  }
}
