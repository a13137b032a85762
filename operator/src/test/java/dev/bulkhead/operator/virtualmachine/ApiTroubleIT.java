package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bulkhead.operator.apiserver.ApiServer;
import dev.bulkhead.operator.apiserver.FaultyProxy;
import dev.bulkhead.operator.apiserver.FaultyProxy.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The packaged operator before an API server that is slow, or too busy, or of another opinion.
class ApiTroubleIT {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /// Pod, status, and two for what lasts longer than 3 s and is then told: the start, and the wait
  /// for a pod whose creation is not known yet.
  private static final int WRITES_PER_START = 4;

  private Cluster cluster;
  private FaultyProxy proxy;
  private Replica operator;

  @BeforeEach
  void cluster() {
    cluster = Cluster.withoutOperator();
  }

  @AfterEach
  void stop() {
    operator.kill();
    proxy.close();
    cluster.close();
  }

  @Test
  void everyAnswerTakesTwoSeconds() throws IOException {
    start("operator-slow", (_, _) -> new Fault.Slow(Duration.ofSeconds(2)));
    assertStartsOneVm();
  }

  /// Each request of a kind is refused twice before it is heard.
  @Test
  void tooManyRequests() throws IOException {
    start("operator-429", refusedTwice(Set.of("GET", "POST", "PATCH"), 429, "TooManyRequests"));
    assertStartsOneVm();
  }

  @Test
  void everyWriteIsAConflictTwice() throws IOException {
    start("operator-409", refusedTwice(Set.of("POST", "PATCH"), 409, "Conflict"));
    assertStartsOneVm();
  }

  private static FaultyProxy.Faults refusedTwice(Set<String> methods, int code, String reason) {
    Map<String, AtomicInteger> requests = new ConcurrentHashMap<>();
    return (method, path) -> {
      var kind = method + " " + path.split("\\?", 2)[0];
      var count = requests.computeIfAbsent(kind, _ -> new AtomicInteger()).getAndIncrement();
      return methods.contains(method) && count < 2
          ? new Fault.Refused(code, reason)
          : new Fault.None();
    };
  }

  private void start(String name, FaultyProxy.Faults faults) throws IOException {
    proxy = new FaultyProxy(ApiServer.get().url(), faults);
    operator = Replica.start(name, Map.of("KUBERNETES_MASTER", proxy.url()));
    await("it leads").atMost(PATIENCE).until(() -> Replica.leader(cluster.admin).equals(name));
  }

  private void assertStartsOneVm() {
    cluster.apply(Cluster.VM);
    var pod = cluster.awaitPod("web", PATIENCE, p -> p.getSpec().getNodeName() == null);
    cluster.node.schedule(pod);
    cluster.node.boot(pod);
    await("the VM's status")
        .atMost(PATIENCE)
        .until(
            () ->
                Conditions.reason(cluster.vm("web").getStatus(), ConditionType.Running)
                    .equals(java.util.Optional.of(Reason.Running)));
    assertThat(cluster.pod("web")).is(Cluster.same(pod));
    assertThat(writes()).hasSizeLessThanOrEqualTo(WRITES_PER_START);
    assertThat(writes()).filteredOn("create pods"::equals).hasSize(1);
    assertThat(operator.process().isAlive())
        .as("the operator lives, log " + operator.log())
        .isTrue();
    await("it is ready").atMost(PATIENCE).until(operator::isReady);
  }

  /// Of the operator in this namespace that reached the API server, Events aside.
  private List<String> writes() {
    return ApiServer.get().requestsOf(ApiServer.OPERATOR).stream()
        .filter(request -> request.at("/objectRef/namespace").asText().equals(cluster.namespace))
        .filter(request -> Set.of("create", "patch", "delete").contains(verb(request)))
        .map(request -> verb(request) + " " + request.at("/objectRef/resource").asText())
        .filter(write -> !write.endsWith(" events"))
        .toList();
  }

  private static String verb(JsonNode request) {
    return request.get("verb").asText();
  }
}
