package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/// The API server is there, and of little use: it refuses, or is slow. Guests that run do not
/// notice, and what was asked for comes to pass.
@Isolated("has the API server refuse what our own programs ask of it, and delays it")
@ExtendWith(OnCluster.class)
class ApiServerTroubleE2E {
  private static final String NODE = "worker-1";
  private static final Duration REFUSED_FOR = Duration.ofSeconds(20);
  private static final Duration RIGHT_WITHIN = Duration.ofSeconds(10);

  private Refusals refusals;
  private SlowAnswers slowness;
  private QemuWatch watch;

  @BeforeEach
  void guest(Lab lab, Hosts hosts) {
    refusals = new Refusals(lab, hosts);
    slowness = new SlowAnswers(hosts.on(NODE));
    watch = new QemuWatch(hosts);
    lab.apply(guest("rock"));
  }

  @AfterEach
  void clear(Lab lab) {
    refusals.end();
    slowness.end();
    lab.clear();
    watch.close();
  }

  /// That includes the operator's lease, so nobody leads meanwhile.
  @Test
  void whatIsRefusedForAWhileIsDoneAfterwards(Lab lab, Hosts hosts) {
    var restarts = restartsOfOurs(lab);
    try (var rock = new Untouched(lab, hosts, "rock")) {
      lab.apply(guest("caught"));
      refusals.begin();
      var lease = Deployment.lease(lab.client());
      lab.apply(guest("late"));
      Awaitility.await("nothing but refusals")
          .during(REFUSED_FOR)
          .atMost(REFUSED_FOR.multipliedBy(2))
          .pollInterval(Duration.ofMillis(500))
          .until(refusals::bite);
      assertThat(Deployment.lease(lab.client())).as("the lease, not renewed").isEqualTo(lease);
      rock.assertUntouched();
      assertThat(lab.vm("rock").get()).matches(Lab::runsAsSpecified, "its status is right");

      refusals.end();
      lab.awaitVm("rock", "right in its status", RIGHT_WITHIN, Lab::runsAsSpecified);
      for (var vm : List.of("caught", "late")) {
        assertStarted(lab, hosts, vm);
      }
      rock.assertUntouchedAndObeying();
    }
    watch.assertNeverTwoOfOneVm();
    assertThat(restartsOfOurs(lab)).as("restarts of our own containers").isEqualTo(restarts);
  }

  /// Once all have connected again, which takes kubelet a few attempts: those of its heartbeat give
  /// up after 4 s here, as long as a handshake and an answer take.
  @Test
  void aNodeThatHearsLateOfAllThingsDoesThemNevertheless(Lab lab, Hosts hosts) {
    var restarts = restartsOfOurs(lab);
    try (var rock = new Untouched(lab, hosts, "rock")) {
      slowness.begin();
      new Recovery(lab, hosts).await(Instant.now());
      lab.apply(guest("patient"));
      assertStarted(lab, hosts, "patient");
      rock.assertUntouched();

      lab.patch("patient", "{\"spec\":{\"power\":\"Stopped\"}}");
      lab.awaitPhase("patient", Phase.Stopped);
      lab.awaitNoPod("patient");
      assertThat(hosts.qemusOf(lab, "patient")).isEmpty();
      lab.patch("patient", "{\"spec\":{\"power\":\"Running\"}}");
      assertStarted(lab, hosts, "patient");

      lab.delete("vm", "patient");
      lab.awaitNoPod("patient");
      assertThat(hosts.qemusOf(lab, "patient")).isEmpty();
      rock.assertUntouched();
      assertThat(lab.vm("rock").get()).matches(Lab::runsAsSpecified, "its status is right");

      slowness.end();
      rock.assertUntouchedAndObeying();
    }
    watch.assertNeverTwoOfOneVm();
    assertThat(restartsOfOurs(lab)).as("restarts of our own containers").isEqualTo(restarts);
  }

  private static String guest(String name) {
    return Manifests.tinyGuest(name, Manifests.onNode(NODE));
  }

  /// And never ended on its way there.
  private static void assertStarted(Lab lab, Hosts hosts, String vm) {
    lab.awaitRunning(vm).awaitAnswer();
    assertThat(hosts.qemusOf(lab, vm)).as("QEMUs of " + vm).hasSize(1);
    assertThat(lab.vm(vm).get().getStatus().getRestarts()).as(() -> lab.describe(vm)).isNull();
  }

  /// By pod and container.
  private static Map<String, Integer> restartsOfOurs(Lab lab) {
    var restarts = new TreeMap<String, Integer>();
    for (var pod : Deployment.pods(lab.client())) {
      for (var container : pod.getStatus().getContainerStatuses()) {
        restarts.put(
            pod.getMetadata().getName() + "/" + container.getName(), container.getRestartCount());
      }
    }
    return restarts;
  }
}
