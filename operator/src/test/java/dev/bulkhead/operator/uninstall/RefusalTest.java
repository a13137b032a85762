package dev.bulkhead.operator.uninstall;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
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

  @Test
  void namesEveryClaimWhoseDeviceAPodHas() {
    var claims =
        List.of(
            claim("gpu", "bulkhead.dev", "trainer"),
            claim("idle", "bulkhead.dev", null),
            claim("other", "gpu.example.com", "player"),
            new ResourceClaimBuilder().withNewMetadata().withName("new").endMetadata().build());
    assertThat(Refusal.ofClaims(claims, "helm rollback bulkhead 7"))
        .hasValueSatisfying(
            words ->
                assertThat(words)
                    .contains("  shop/gpu, of trainer\n")
                    .doesNotContain("idle", "other", "shop/new")
                    .contains("Delete those pods")
                    .contains("To keep Bulkhead instead: helm rollback bulkhead 7."));
    assertThat(Refusal.ofClaims(claims.subList(1, 4), "")).isEmpty();
  }

  private static ResourceClaim claim(String name, String driver, String pod) {
    var claim =
        new ResourceClaimBuilder()
            .withNewMetadata()
            .withNamespace("shop")
            .withName(name)
            .endMetadata()
            .withNewStatus()
            .withNewAllocation()
            .withNewDevices()
            .addNewResult()
            .withDriver(driver)
            .endResult()
            .endDevices()
            .endAllocation()
            .endStatus();
    return pod == null
        ? claim.build()
        : claim.editStatus().addNewReservedFor().withName(pod).endReservedFor().endStatus().build();
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
