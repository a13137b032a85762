package dev.bulkhead.crds;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// What the node agent says of a guest, in the pod's annotation `Contract.REPORT_ANNOTATION`. How a
/// guest ended is not here: the keeper's exit code and termination message say that, so it is known
/// even when nobody could write to the API.
///
/// Operator and agent may be of different releases, and a guest that runs must never be taken for
/// one that does not. So this record only ever grows, and a reader takes what it knows of a newer
/// one.
///
/// @param format version of this record that its writer knows, from 1
/// @param bootTime when the vCPUs first ran, RFC 3339; null before
/// @param message in words, null when all is well; while `Starting`, what is being waited for
/// @param devices of the node that the guest has; null for none
@JsonInclude(JsonInclude.Include.NON_NULL)
public record GuestReport(
    int format,
    State state,
    String bootTime,
    Accelerator accelerator,
    String message,
    List<Device> devices) {

  public static final int FORMAT = 1;

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.READ_UNKNOWN_ENUM_VALUES_USING_DEFAULT_VALUE)
          .enable(DeserializationFeature.READ_UNKNOWN_ENUM_VALUES_AS_NULL)
          .build();

  public GuestReport {
    Objects.requireNonNull(state, "state");
    if (bootTime != null) {
      var _ = Instant.parse(bootTime);
    }
    devices = devices == null || devices.isEmpty() ? null : List.copyOf(devices);
  }

  /// One of the node's devices.
  ///
  /// @param name of the entry in the VM's spec; several devices of one claim share it
  /// @param address on the node: a PCI address, a mediated device's UUID, or a USB port
  /// @param iommuGroup null for a device without one
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Device(String name, String address, Integer iommuGroup) {}

  public enum State {
    Starting,
    Running,
    Paused,
    /// Halted until the node has room for what it writes.
    OutOfSpace,
    Stopping,
    /// One that only a newer agent knows, and never written; `bootTime` tells whether the guest has
    /// run.
    @JsonEnumDefaultValue
    Unknown
  }

  public enum Accelerator {
    KVM,
    TCG
  }

  public String toJson() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Empty when the text is no report.
  public static Optional<GuestReport> parse(String json) {
    try {
      var report = JSON.readValue(json, GuestReport.class);
      return report != null && report.format >= 1 ? Optional.of(report) : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
