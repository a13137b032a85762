package dev.bulkhead.operator.virtualmachine;

import static dev.bulkhead.operator.virtualmachine.Fixtures.LONG_AGO;
import static dev.bulkhead.operator.virtualmachine.Fixtures.created;
import static dev.bulkhead.operator.virtualmachine.Fixtures.ended;
import static dev.bulkhead.operator.virtualmachine.Fixtures.keeperRuns;
import static dev.bulkhead.operator.virtualmachine.Fixtures.reported;
import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.operator.virtualmachine.GuestEnd.Cause;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VmPodTest {
  private static final String LATER = "2026-11-23T11:30:00Z";

  @ParameterizedTest
  @CsvSource({
    "0,   PoweredOff,  the guest powered itself off",
    "1,   Crashed,     QEMU ended without a word",
    "2,   StartFailed, the guest could not be started",
    "137, Crashed,     'its keeper was killed (exit code 137, null)'",
  })
  void theKeepersExitCodeTellsHowTheGuestEnded(int exitCode, Cause cause, String words) {
    assertThat(end(ended(exitCode)))
        .isEqualTo(
            new GuestEnd(
                "pod-uid",
                cause,
                words,
                Instant.parse("2026-11-23T11:59:59Z"),
                Duration.parse("PT59M59S")));
  }

  @Test
  void theTerminationMessageIsToldAsItIs() {
    var pod = ended(2).build();
    var terminated = pod.getStatus().getContainerStatuses().getFirst().getState().getTerminated();
    terminated.setMessage(" spec.kernel.path: no such file\n");
    assertThat(new VmPod(pod).end().orElseThrow().message())
        .isEqualTo("spec.kernel.path: no such file");
    terminated.setMessage(" ");
    assertThat(new VmPod(pod).end().orElseThrow().message())
        .isEqualTo("the guest could not be started");
  }

  @ParameterizedTest
  @CsvSource({
    "'The node was low on memory. ', 'the node ended it (Evicted: The node was low on memory.)'",
    ",                               'the node ended it (Evicted: no message)'"
  })
  void whatTheNodeEndedWasEvictedWhateverItsExitCode(String message, String words) {
    var pod = ended(0).editStatus().withReason("Evicted").withMessage(message).endStatus();
    assertThat(end(pod).cause()).isEqualTo(Cause.Evicted);
    assertThat(end(pod).message()).isEqualTo(words);
  }

  @Test
  void anEndOfWhichKubeletSaysNothingWasWhenThePodStoppedBeingReady() {
    var silent =
        reported(State.Running)
            .editStatus()
            .withPhase("Failed")
            .withContainerStatuses()
            .addToConditions(condition(Contract.GUEST_RUNNING_CONDITION, LATER))
            .addToConditions(condition("Initialized", "2026-11-23T11:45:00Z"))
            .endStatus();
    assertThat(end(silent))
        .isEqualTo(
            new GuestEnd(
                "pod-uid",
                Cause.Evicted,
                "the node ended it and left no word",
                Instant.parse(LATER),
                Duration.ofMinutes(30)));
  }

  @Test
  void anEndWithoutATimeWasWhenThePodStoppedBeingReady() {
    var pod = ended(1).build();
    pod.getStatus()
        .getContainerStatuses()
        .getFirst()
        .getState()
        .getTerminated()
        .setFinishedAt(null);
    assertThat(new VmPod(pod).end().orElseThrow().at()).isEqualTo(Instant.parse(LONG_AGO));
    assertThat(new VmPod(pod).end().orElseThrow().cause()).isEqualTo(Cause.Crashed);
  }

  @Test
  void aPodThatNeverWasReadyChangedWhenItWasMade() {
    assertThat(new VmPod(created().build()).readinessChangedAt())
        .isEqualTo(Instant.parse(LONG_AGO));
  }

  @Test
  void onlyTheKeepersContainerCounts() {
    var pod =
        keeperRuns()
            .editStatus()
            .editFirstContainerStatus()
            .withName("mesh-proxy")
            .endContainerStatus()
            .endStatus();
    assertThat(new VmPod(pod.build()).keeperStarted()).isFalse();
    assertThat(new VmPod(keeperRuns().build()).keeperStarted()).isTrue();
  }

  @Test
  void onlyTheReadyConditionMakesItReady() {
    var pod = keeperRuns().editStatus().addNewCondition().withType("Initialized");
    assertThat(new VmPod(pod.withStatus("True").endCondition().endStatus().build()).ready())
        .isFalse();
    assertThat(new VmPod(reported(State.Paused).build()).ready()).isFalse();
    assertThat(new VmPod(reported(State.Running).build()).ready()).isTrue();
  }

  @Test
  void anUnschedulablePodTellsWhyAsFullyAsItCan() {
    assertThat(unschedulable("False", "0/2 nodes", "Unschedulable")).contains("0/2 nodes");
    assertThat(unschedulable("False", null, "SchedulingGated")).contains("SchedulingGated");
    assertThat(unschedulable("False", " ", null)).contains("no reason was given");
    assertThat(unschedulable("True", "0/2 nodes", null)).isEmpty();
  }

  private static Optional<String> unschedulable(String status, String message, String reason) {
    var pod =
        created()
            .editStatus()
            .addNewCondition()
            .withType("PodScheduled")
            .withStatus(status)
            .withReason(reason)
            .withMessage(message)
            .endCondition()
            .endStatus();
    return new VmPod(pod.build()).unschedulable();
  }

  @Test
  void emptyWordsOfKubernetesAreNone() {
    var pod =
        created()
            .editSpec()
            .withNodeName("")
            .endSpec()
            .editStatus()
            .withPodIP("")
            .endStatus()
            .build();
    assertThat(new VmPod(pod).node()).isEmpty();
    assertThat(new VmPod(pod).ip()).isEmpty();
    pod.getStatus().setPodIP("10.244.1.7");
    assertThat(new VmPod(pod).ip()).contains("10.244.1.7");
  }

  @Test
  void anOwnerThatIsNotTheControllerOwnsNothing() {
    var pod =
        created()
            .editMetadata()
            .editFirstOwnerReference()
            .withController(false)
            .endOwnerReference()
            .endMetadata();
    assertThat(new VmPod(pod.build()).ownedBy("vm-uid")).isFalse();
    assertThat(new VmPod(created().build()).ownedBy("vm-uid")).isTrue();
  }

  private static PodCondition condition(String type, String changed) {
    return new PodConditionBuilder()
        .withType(type)
        .withStatus("False")
        .withLastTransitionTime(changed)
        .build();
  }

  private static GuestEnd end(PodBuilder pod) {
    return new VmPod(pod.build()).end().orElseThrow();
  }
}
