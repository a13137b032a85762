package dev.bulkhead.nodeagent.pod;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.GuestReport.Accelerator;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.nodeagent.apiserver.BareApiServer;
import dev.bulkhead.nodeagent.apiserver.Pods;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// On a real API server: server-side apply has no stand-in.
class PodReportsIT {
  private static final GuestReport RUNNING = report(State.Running, null);
  private static final GuestReport PAUSED = report(State.Paused, null);

  private final KubernetesClient client = BareApiServer.connect();
  private Instant now = Instant.parse("2026-11-23T12:00:00Z");
  private final PodReports reports = new PodReports(client, () -> now);
  private VmPod pod;

  @BeforeEach
  void aPod() {
    pod = VmPod.of(Pods.running(client, "web", "node-a"));
  }

  @AfterEach
  void removeIt() {
    Pods.delete(client, "web");
    client.close();
  }

  @Test
  void saysAllInOneWriteBesideWhatKubeletSays() {
    var before = read();

    reports.publish(pod, RUNNING);

    assertThat(
            GuestReport.parse(
                read().getMetadata().getAnnotations().get(Contract.REPORT_ANNOTATION)))
        .contains(RUNNING);
    assertThat(condition().getStatus()).isEqualTo("True");
    assertThat(condition().getReason()).isEqualTo("Running");
    assertThat(read().getStatus().getContainerStatuses())
        .isEqualTo(before.getStatus().getContainerStatuses());
    assertThat(read().getStatus().getConditions()).hasSize(2);
    assertThat(read().getMetadata().getManagedFields())
        .filteredOn(field -> field.getManager().equals(Contract.AGENT_FIELD_MANAGER))
        .singleElement()
        .satisfies(field -> assertThat(field.getOperation()).isEqualTo("Apply"));
  }

  @Test
  void writesNothingThatIsSaidAlready() {
    reports.publish(pod, RUNNING);
    var written = read();

    reports.publish(pod, RUNNING);
    new PodReports(client, () -> now).publish(VmPod.of(written), RUNNING);

    assertThat(read().getMetadata().getResourceVersion())
        .isEqualTo(written.getMetadata().getResourceVersion());
  }

  @Test
  void theConditionRemembersWhenItTurned() {
    reports.publish(pod, RUNNING);
    now = now.plusSeconds(60);
    reports.publish(pod, PAUSED);
    assertThat(condition().getLastTransitionTime()).isEqualTo("2026-11-23T12:01:00Z");

    now = now.plusSeconds(60);
    reports.publish(pod, report(State.Stopping, "asked to shut down"));

    assertThat(condition().getLastTransitionTime()).isEqualTo("2026-11-23T12:01:00Z");
    assertThat(condition().getMessage()).isEqualTo("asked to shut down");
  }

  @Test
  void neverReportsOnALaterPodOfTheSameName() {
    Pods.delete(client, "web");
    Pods.running(client, "web", "node-a");

    reports.publish(pod, RUNNING);

    assertThat(read().getMetadata().getAnnotations()).doesNotContainKey(Contract.REPORT_ANNOTATION);
  }

  @Test
  void hasNobodyToTellWhenThePodIsGone() {
    Pods.delete(client, "web");

    reports.publish(pod, RUNNING);

    assertThat(read()).isNull();
  }

  private Pod read() {
    return client.pods().inNamespace(Pods.NAMESPACE).withName("web").get();
  }

  private PodCondition condition() {
    return read().getStatus().getConditions().stream()
        .filter(condition -> condition.getType().equals(Contract.GUEST_RUNNING_CONDITION))
        .findFirst()
        .orElseThrow();
  }

  private static GuestReport report(State state, String message) {
    return new GuestReport(
        GuestReport.FORMAT, state, "2026-11-23T11:59:00Z", Accelerator.TCG, message, null);
  }
}
