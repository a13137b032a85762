package dev.bulkhead.nodeagent.pod;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.VirtualMachineSpec.Disk;
import dev.bulkhead.crds.VirtualMachineSpec.Firmware;
import dev.bulkhead.nodeagent.domain.Specs;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStateRunning;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VmPodTest {

  @Test
  void readsTheGuestAsTheOperatorWroteIt() {
    var guest = Specs.spec(Specs.ONE_CPU, Firmware.Type.UEFI);

    var pod = parse(annotated(Contract.GUEST_ANNOTATION, guest.toJson()));

    assertThat(pod.guest()).isEqualTo(guest);
    assertThat(pod.domainName()).isEqualTo("shop.web");
  }

  @ParameterizedTest
  @CsvSource({"'{\"format\": 99}'", "no JSON", "''"})
  void understandsNoForeignGuest(String annotation) {
    assertThat(parse(annotated(Contract.GUEST_ANNOTATION, annotation)).guest()).isNull();
  }

  @ParameterizedTest
  @CsvSource({"web, other", "shop, kube-system"})
  void takesNoGuestThatIsNamedLikeAnotherPods(String own, String other) {
    var guest = Specs.spec(Specs.ONE_CPU, Firmware.Type.BIOS).toJson();

    assertThat(parse(annotated(Contract.GUEST_ANNOTATION, guest.replace(own, other))).guest())
        .isNull();
  }

  @ParameterizedTest
  @CsvSource({"../../etc", "a/b", ".", "''"})
  void takesNoGuestWhoseDisksAreNamedLikePaths(String name) {
    var guest =
        Specs.spec(Specs.ONE_CPU, Firmware.Type.BIOS, Specs.disk("root", Disk.Bus.Virtio, null))
            .toJson();

    assertThat(
            parse(annotated(Contract.GUEST_ANNOTATION, guest.replace("\"root\"", '"' + name + '"')))
                .guest())
        .isNull();
  }

  @ParameterizedTest
  @CsvSource({"Paused, true", "Running, false", "paused, false"})
  void readsThePowerWish(String annotation, boolean paused) {
    assertThat(parse(annotated(Contract.POWER_ANNOTATION, annotation)).paused()).isEqualTo(paused);
  }

  @ParameterizedTest
  @CsvSource({"Pending, false", "Running, false", "Succeeded, true", "Failed, true"})
  void knowsWhenThePodHasEnded(String phase, boolean ended) {
    var pod = builder().withNewStatus().withPhase(phase).endStatus();

    assertThat(parse(pod).ended()).isEqualTo(ended);
  }

  @Test
  void knowsItsClaimsByTheNamesThatItGivesThem() {
    var pod =
        builder()
            .editSpec()
            .addNewResourceClaim()
            .withName("gpu")
            .withResourceClaimTemplateName("one-a100")
            .endResourceClaim()
            .addNewResourceClaim()
            .withName("disk")
            .withResourceClaimName("fast")
            .endResourceClaim()
            .endSpec();
    assertThat(parse(pod).claims()).containsExactly(Map.entry("disk", "fast"));
    pod.editStatus().addNewResourceClaimStatus("gpu", "web-gpu-x7k2p").endStatus();
    assertThat(parse(pod).claims())
        .containsOnly(Map.entry("disk", "fast"), Map.entry("gpu", "web-gpu-x7k2p"));
  }

  @Test
  void isNotBeingDeletedUnlessItSaysSo() {
    assertThat(parse(builder()).deletion()).isNull();
  }

  @Test
  void theDeletionTimestampIsTheEndOfTheGracePeriod() {
    var pod =
        builder()
            .editMetadata()
            .withDeletionTimestamp("2026-11-23T12:01:00Z")
            .withDeletionGracePeriodSeconds(60L)
            .endMetadata();

    assertThat(parse(pod).deletion())
        .isEqualTo(
            new VmPod.Deletion(
                Instant.parse("2026-11-23T12:00:00Z"), Instant.parse("2026-11-23T12:01:00Z")));
  }

  @Test
  void onlyTheKeeperTellsWhenItStarted() {
    assertThat(parse(container("mesh-proxy", "2026-11-23T12:00:00Z")).keeperStarted()).isNull();
    assertThat(parse(container("keeper", null)).keeperStarted()).isNull();
    assertThat(parse(container("keeper", "2026-11-23T12:00:00Z")).keeperStarted())
        .isEqualTo(Instant.parse("2026-11-23T12:00:00Z"));
  }

  @Test
  void onlyTheGuestsOwnConditionTellsWhenItChanged() {
    assertThat(parse(condition("Ready")).guestRunningChanged()).isNull();
    assertThat(parse(condition(Contract.GUEST_RUNNING_CONDITION)).guestRunningChanged())
        .isEqualTo(Instant.parse("2026-11-23T12:00:00Z"));
  }

  @Test
  void isNamedInFullInLogs() {
    assertThat(parse(builder())).hasToString("shop/web (pod " + Specs.POD + ")");
  }

  private static PodBuilder container(String name, String startedAt) {
    return builder()
        .editStatus()
        .addNewContainerStatus()
        .withName(name)
        .withState(
            new ContainerStateBuilder()
                .withRunning(startedAt == null ? null : new ContainerStateRunning(startedAt))
                .build())
        .endContainerStatus()
        .endStatus();
  }

  private static PodBuilder condition(String type) {
    return builder()
        .editStatus()
        .addNewCondition()
        .withType(type)
        .withLastTransitionTime("2026-11-23T12:00:00Z")
        .endCondition()
        .endStatus();
  }

  private static PodBuilder annotated(String name, String value) {
    return builder().editMetadata().addToAnnotations(name, value).endMetadata();
  }

  private static PodBuilder builder() {
    return new PodBuilder()
        .withNewMetadata()
        .withNamespace("shop")
        .withName("web")
        .withUid(Specs.POD.value())
        .endMetadata()
        .withNewSpec()
        .endSpec()
        .withNewStatus()
        .withPhase("Running")
        .endStatus();
  }

  private static VmPod parse(PodBuilder pod) {
    return VmPod.of(pod.build());
  }
}
