package dev.bulkhead.operator.virtualmachine;

import java.util.Set;

/// Why a pod that has a node does not start, in kubelet's own words.
///
/// @param reason `ImageUnavailable`, `VolumeUnavailable`, `DeviceUnavailable` or `PodRefused`
record PodTrouble(Reason reason, String message) {
  private static final Set<String> IMAGE =
      Set.of(
          "ErrImagePull",
          "ImagePullBackOff",
          "InvalidImageName",
          "ErrImageNeverPull",
          "ImageInspectError",
          "RegistryUnavailable",
          "SignatureValidationFailed");

  private static final Set<String> VOLUME =
      Set.of("FailedMount", "FailedAttachVolume", "FailedMapVolume");

  private static final String DEVICE = "FailedPrepareDynamicResources";

  /// From a container's `state.waiting`. Kubelet swaps `ErrImagePull` and `ImagePullBackOff`; both
  /// read the same here, so that a status does not change with them.
  static PodTrouble ofWaiting(String reason, String message) {
    var words = Words.orElse(message, reason);
    return new PodTrouble(
        IMAGE.contains(reason) ? Reason.ImageUnavailable : Reason.PodRefused,
        words.replaceFirst("^Back-off pulling image \"[^\"]*\": ", "").replaceFirst("^\\w+: ", ""));
  }

  /// From a Warning event about the pod.
  ///
  /// @param reason null where the event gives none: anybody may write events
  static PodTrouble ofEvent(String reason, String message) {
    return new PodTrouble(told(reason), Words.orElse(message, reason));
  }

  private static Reason told(String reason) {
    if (reason == null) {
      return Reason.PodRefused;
    }
    if (reason.equals(DEVICE)) {
      return Reason.DeviceUnavailable;
    }
    return VOLUME.contains(reason) ? Reason.VolumeUnavailable : Reason.PodRefused;
  }
}
