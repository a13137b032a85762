package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.bulkhead.operator.apiserver.ApiServer;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Two replicas of the packaged operator whose clocks are five minutes apart, by libfaketime.
class ClocksIT {
  private static final Path FAKETIME =
      Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1");

  private static final String BEHIND = "operator-behind";
  private static final String AHEAD = "operator-ahead";

  private static final Duration START = Duration.ofMinutes(2);

  /// A lease lasts 7 s; a replica looks every 1.5 to 3.3 s; the rest is for a busy machine.
  private static final Duration TAKEOVER = Duration.ofSeconds(15);

  private final Cluster cluster = Cluster.withoutOperator();
  private Replica behind;
  private Replica ahead;

  @AfterEach
  void stop() {
    behind.kill();
    ahead.kill();
    cluster.close();
  }

  @Test
  void noReplicaTakesALeaseThatIsHeldAndEachTakesOneThatIsNot() throws IOException {
    behind = Replica.start(BEHIND);
    awaitLeader(BEHIND, START);
    ahead = startAhead();
    await("the other is ready").atMost(START).until(ahead::isReady);

    Set<String> leaders = new HashSet<>();
    Set<ZonedDateTime> renewals = new HashSet<>();
    await("renewals of the lease, over twice its length")
        .atMost(START)
        .until(
            () -> {
              leaders.add(leader());
              renewals.add(lease().get().getSpec().getRenewTime());
              return renewals.size() > 10;
            });
    assertThat(leaders).containsExactly(BEHIND);
    assertThat(behind.process().isAlive()).isTrue();

    behind.kill();
    awaitLeader(AHEAD, TAKEOVER);
    behind = Replica.start(BEHIND);
    await("the other is ready").atMost(START).until(behind::isReady);
    assertThat(leader()).isEqualTo(AHEAD);
    ahead.kill();
    cluster.apply(Cluster.VM);
    assertThat(cluster.awaitPod("web", TAKEOVER, _ -> true)).isNotNull();
    assertThat(leader()).isEqualTo(BEHIND);
  }

  private static Replica startAhead() throws IOException {
    assertThat(Files.exists(FAKETIME)).as("run 'make deps' for " + FAKETIME).isTrue();
    return Replica.start(
        AHEAD,
        Map.of("LD_PRELOAD", FAKETIME.toString(), "FAKETIME", "+300s", "DONT_FAKE_MONOTONIC", "1"));
  }

  private void awaitLeader(String name, Duration within) {
    await(name + " leads").atMost(within).until(() -> leader().equals(name));
  }

  private String leader() {
    return Replica.leader(cluster.admin);
  }

  private Resource<Lease> lease() {
    return cluster
        .admin
        .leases()
        .inNamespace(ApiServer.RELEASE_NAMESPACE)
        .withName("bulkhead-operator");
  }
}
