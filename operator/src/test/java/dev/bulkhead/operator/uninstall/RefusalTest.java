package dev.bulkhead.operator.uninstall;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RefusalTest {

  @Test
  void namesEveryVmThatIsNotStoppedAndTheWayOut() {
    assertThat(
            Refusal.of(
                List.of(
                    pod("web", "worker-2", "Running"),
                    pod("db", null, "Pending"),
                    pod("batch", "worker-1", "Succeeded")),
                "helm rollback bulkhead 7"))
        .hasValueSatisfying(
            words ->
                assertThat(words)
                    .contains("  shop/db, on no node yet\n  shop/web, on worker-2\n")
                    .doesNotContain("batch")
                    .contains("\"power\":\"Stopped\"")
                    .contains("delete vm NAME")
                    .contains("--no-hooks")
                    .contains("To keep Bulkhead instead: helm rollback bulkhead 7."));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Succeeded", "Failed"})
  void guestsThatHaveEndedAreInNobodysWay(String phase) {
    assertThat(Refusal.of(List.of(pod("web", "worker-1", phase)), "")).isEmpty();
  }

  @Test
  void aLongListDoesNotHideTheWayOut() {
    var pods =
        IntStream.range(0, 25).mapToObj(i -> pod("vm-" + (100 + i), "n", "Running")).toList();
    assertThat(Refusal.of(pods, "").orElseThrow())
        .contains("shop/vm-119")
        .doesNotContain("shop/vm-120")
        .contains("and 5 more");
  }

  private static Pod pod(String name, String node, String phase) {
    return new PodBuilder()
        .withNewMetadata()
        .withNamespace("shop")
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .withNodeName(node)
        .endSpec()
        .withNewStatus()
        .withPhase(phase)
        .endStatus()
        .build();
  }
}
