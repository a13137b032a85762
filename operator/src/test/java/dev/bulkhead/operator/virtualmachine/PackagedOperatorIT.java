package dev.bulkhead.operator.virtualmachine;

import static java.time.ZoneOffset.UTC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.operator.apiserver.ApiServer;
import dev.bulkhead.operator.apiserver.Chart;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/// The operator as it is shipped: two replicas of the packaged program, with the rights of the
/// chart. The tests tell one story and build on each other.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PackagedOperatorIT {
  private static final Duration START = Duration.ofSeconds(60);

  /// A lease lasts 7 s, and the other replica looks every 1.5 s; the rest is for a busy machine.
  private static final Duration TAKEOVER = Duration.ofSeconds(15);

  private static Replica first;
  private static Replica second;
  private static Cluster cluster;

  /// How many requests the operators of other test classes had made before.
  private static long earlierRequests;

  @BeforeAll
  static void startTwoReplicas() throws IOException {
    earlierRequests = ApiServer.get().requestsOf(ApiServer.OPERATOR).size();
    cluster = Cluster.withoutOperator();
    cluster
        .admin
        .leases()
        .inNamespace(ApiServer.RELEASE_NAMESPACE)
        .withName("bulkhead-operator")
        .delete();
    first = Replica.start("operator-1");
    await("the first replica leads").atMost(START).until(() -> holder().equals("operator-1"));
    second = Replica.start("operator-2");
  }

  @AfterAll
  static void stop() {
    first.kill();
    second.kill();
    cluster.close();
  }

  @Test
  @Order(1)
  void bothReplicasAreHealthyAndOneLeads() {
    for (var replica : new Replica[] {first, second}) {
      await("health")
          .atMost(START)
          .until(() -> replica.get("/q/health/ready").contains("\"status\": \"UP\""));
    }
    assertThat(holder()).isEqualTo("operator-1");
  }

  @Test
  @Order(2)
  void runsVms() {
    cluster.apply(named("one"));
    cluster.boot("one");
    cluster.awaitReason("one", Reason.Running);
  }

  @Test
  @Order(3)
  void tellsMetricsOfItsReconciles() {
    assertThat(first.get("/q/metrics")).contains("reconciliations_").contains("jvm_memory");
  }

  @Test
  @Order(4)
  void logsOneJsonObjectALine() throws IOException {
    assertThat(Files.readAllLines(first.log()))
        .isNotEmpty()
        .allSatisfy(
            line ->
                assertThat(Serialization.unmarshal(line, JsonNode.class).has("message")).isTrue());
  }

  @Test
  @Order(5)
  void needsEveryRightThatTheChartGivesItAndNoOther() {
    cluster.edit("one", vm -> vm.getSpec().setPower(Power.Paused));
    cluster.awaitPod(
        "one", p -> "Paused".equals(p.getMetadata().getAnnotations().get("bulkhead.dev/power")));
    cluster.edit("one", vm -> vm.getSpec().setPower(Power.Stopped));
    cluster.awaitReason("one", Reason.Stopping);
    stuckPod("stuck");
    nameTaken("taken");
    waitsForDevices("waits");

    var needed = granted();
    await("all rights used")
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(used(code -> code < 300)).isEqualTo(needed));
    assertThat(used(code -> code == 403)).isEmpty();
  }

  @Test
  @Order(6)
  void theOtherReplicaTakesOverWhenTheLeaderDies() {
    first.kill();
    cluster.apply(named("two"));
    assertThat(cluster.awaitPod("two", TAKEOVER, _ -> true)).isNotNull();
    assertThat(holder()).isEqualTo("operator-2");
  }

  /// It does not end: kubelet would let it wait ever longer before it starts it again.
  @Test
  @Order(7)
  void aLeaderThatCannotRenewItsLeaseStandsByAndLeadsAgain() throws IOException {
    ApiServer.get().kill();
    await("the end of its term")
        .atMost(TAKEOVER)
        .until(() -> Files.readString(second.log()).contains("no longer leads"));
    ApiServer.get().startAgain();
    cluster.apply(named("three"));
    assertThat(cluster.awaitPod("three", START, _ -> true)).isNotNull();
    assertThat(second.process().isAlive()).as("the process that led before").isTrue();
    assertThat(holder()).isEqualTo("operator-2");
  }

  /// The other, played here, has a clock that is five minutes behind, then as much ahead: by its
  /// times the lease would be free while it is held, and held when it is free.
  @Test
  @Order(8)
  void standsByWhileAnotherHoldsTheLeaseWhateverItsClockAndLeadsOnceThatOneIsGone() {
    cluster.apply(named("four"));
    cluster.awaitPod("four", _ -> true);
    await("the lease is another's, for longer than it lasts")
        .atMost(Duration.ofMinutes(1))
        .pollInterval(Duration.ofSeconds(1))
        .until(takeLease(Duration.ofMinutes(-5)), times -> times == 10);
    cluster.apply(named("five"));
    cluster.edit("four", vm -> vm.getSpec().setPower(Power.Paused));
    await("and longer")
        .atMost(Duration.ofMinutes(1))
        .pollInterval(Duration.ofSeconds(1))
        .until(takeLease(Duration.ofMinutes(5)), times -> times == 5);
    assertThat(cluster.pod("five")).as("of a VM that only others may start").isNull();
    assertThat(cluster.pod("four").getMetadata().getAnnotations())
        .containsEntry("bulkhead.dev/power", "Running");
    assertThat(second.process().isAlive()).isTrue();

    assertThat(cluster.awaitPod("five", TAKEOVER, _ -> true)).isNotNull();
    cluster.awaitPod(
        "four", p -> "Paused".equals(p.getMetadata().getAnnotations().get("bulkhead.dev/power")));
  }

  /// Takes or renews the lease by that clock, and says how often it has.
  private static Callable<Integer> takeLease(Duration clockAhead) {
    var times = new AtomicInteger();
    return () -> {
      Cluster.untilNoConflict(
          () ->
              cluster
                  .admin
                  .leases()
                  .inNamespace(ApiServer.RELEASE_NAMESPACE)
                  .withName("bulkhead-operator")
                  .edit(
                      lease -> {
                        lease.getSpec().setHolderIdentity("another");
                        lease.getSpec().setRenewTime(ZonedDateTime.now(UTC).plus(clockAhead));
                        return lease;
                      }));
      return times.incrementAndGet();
    };
  }

  private static String named(String name) {
    return Cluster.VM.replace("name: web", "name: " + name);
  }

  private static String holder() {
    return Replica.leader(cluster.admin);
  }

  /// For one by a claim that nobody schedules, for another by a template of which nobody makes one.
  private static void waitsForDevices(String name) {
    var manifest =
        """
        apiVersion: resource.k8s.io/v1
        kind: %s
        metadata: {name: any}
        spec: %s
        """;
    var spec = "{devices: {requests: [{name: a, exactly: {deviceClassName: gpu.bulkhead.dev}}]}}";
    for (var document :
        List.of(
            manifest.formatted("ResourceClaim", spec),
            manifest.formatted("ResourceClaimTemplate", "{spec: " + spec + "}"))) {
      cluster.admin.resource(document).inNamespace(cluster.namespace).create();
    }
    cluster.apply(
        named(name)
            + "  devices: [{name: a, claim: {name: any}}, {name: b, claim: {template: any}}]\n");
  }

  private static void stuckPod(String name) {
    cluster.apply(named(name));
    cluster.node.schedule(cluster.awaitPod(name, _ -> true));
    cluster.awaitReason(name, Reason.Starting);
  }

  private static void nameTaken(String name) {
    cluster.admin.resource(cluster.foreignPod(name)).create();
    cluster.apply(named(name));
    cluster.awaitReason(name, Reason.NameTaken);
  }

  private static Set<String> used(IntPredicate code) {
    var used = new TreeSet<String>();
    var requests = ApiServer.get().requestsOf(ApiServer.OPERATOR);
    for (var request : requests.stream().skip(earlierRequests).toList()) {
      var object = request.get("objectRef");
      if (object != null && code.test(request.at("/responseStatus/code").asInt())) {
        used.add(
            request.get("verb").asText()
                + " "
                + object.get("resource").asText()
                + (object.has("subresource") ? "/" + object.get("subresource").asText() : ""));
      }
    }
    return used;
  }

  private static Set<String> granted() {
    var granted = new TreeSet<String>();
    Chart.render().stream()
        .filter(object -> Set.of("Role", "ClusterRole").contains(object.getKind()))
        .filter(object -> object.getMetadata().getName().equals("bulkhead-operator"))
        .flatMap(PackagedOperatorIT::rules)
        .forEach(granted::add);
    return granted;
  }

  private static Stream<String> rules(GenericKubernetesResource role) {
    JsonNode rules = new JsonMapper().valueToTree(role).get("rules");
    return rules
        .valueStream()
        .flatMap(
            rule ->
                rule.get("resources")
                    .valueStream()
                    .flatMap(
                        resource ->
                            rule.get("verbs")
                                .valueStream()
                                .map(verb -> verb.asText() + " " + resource.asText())));
  }
}
