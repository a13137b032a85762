package dev.bulkhead.nodeagent.pod;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.VirtualMachineSpec.Disk;
import dev.bulkhead.crds.VirtualMachineSpec.Firmware;
import dev.bulkhead.nodeagent.domain.Specs;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Instant;
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
        .withNewStatus()
        .withPhase("Running")
        .endStatus();
  }

  private static VmPod parse(PodBuilder pod) {
    return VmPod.of(pod.build());
  }
}
