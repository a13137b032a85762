package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodTroubleTest {
  @ParameterizedTest
  @CsvSource({
    "FailedMount,            no such secret, VolumeUnavailable, no such secret",
    "FailedCreatePodSandBox, no network,     PodRefused,        no network",
    "FailedMount,            ,               VolumeUnavailable, FailedMount",
    "FailedPrepareDynamicResources, no vfio, DeviceUnavailable, no vfio",
    ",                       no network,     PodRefused,        no network",
    ",                       ,               PodRefused,        no reason was given",
  })
  void anEventIsToldInItsOwnWords(String reason, String message, Reason told, String words) {
    assertThat(PodTrouble.ofEvent(reason, message)).isEqualTo(new PodTrouble(told, words));
  }

  @ParameterizedTest
  @CsvSource({
    "ErrImagePull,         'rpc: not found',                            ImageUnavailable, not found",
    "ImagePullBackOff,     'Back-off pulling image \"a:1\": rpc: not found', ImageUnavailable, not found",
    "CreateContainerError, 'no such device',                            PodRefused, no such device",
    "CreateContainerError, ,                                            PodRefused, CreateContainerError",
  })
  void kubeletsTwoWaysToSayOneThingReadTheSame(
      String reason, String message, Reason told, String words) {
    assertThat(PodTrouble.ofWaiting(reason, message)).isEqualTo(new PodTrouble(told, words));
  }
}
