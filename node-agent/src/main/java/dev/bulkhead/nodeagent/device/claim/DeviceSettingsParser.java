package dev.bulkhead.nodeagent.device.claim;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// Reads the opaque parameters of a claim or DeviceClass: a `DeviceSettings` of
/// `bulkhead.dev/v1alpha1`. The API server knows no schema of them, so what it let pass is refused
/// here, field by field.
final class DeviceSettingsParser {
  static final String API_VERSION = "bulkhead.dev/v1alpha1";
  static final String KIND = "DeviceSettings";

  private static final Set<String> FIELDS =
      Set.of("apiVersion", "kind", "mac", "vlan", "spoofCheck");

  /// Not one of a group: its first byte is even (IEEE 802, 8.2).
  private static final Pattern MAC =
      Pattern.compile("[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}");

  private static final int LAST_VLAN = 4094;

  private DeviceSettingsParser() {}

  /// @param source `FromClass` or `FromClaim`, for the message
  /// @throws IOException naming the field, its value and what it may be
  static DeviceSettings parse(Map<String, Object> parameters, String source) throws IOException {
    var place = source.equals("FromClass") ? "the DeviceClass" : "the claim";
    if (!API_VERSION.equals(parameters.get("apiVersion")) || !KIND.equals(parameters.get("kind"))) {
      throw new IOException(
          "parameters of %s are %s of %s, and must be %s of %s"
              .formatted(
                  place, parameters.get("kind"), parameters.get("apiVersion"), KIND, API_VERSION));
    }
    var unknown = new TreeSet<>(parameters.keySet());
    unknown.removeAll(FIELDS);
    if (!unknown.isEmpty()) {
      throw new IOException(
          "parameters of %s have the field %s, and may have %s"
              .formatted(place, unknown.first(), new TreeSet<>(FIELDS)));
    }
    return new DeviceSettings(
        mac(parameters.get("mac"), place),
        vlan(parameters.get("vlan"), place),
        flag(parameters.get("spoofCheck"), place));
  }

  private static String mac(Object value, String place) throws IOException {
    if (value == null || (value instanceof String text && MAC.matcher(text).matches())) {
      return (String) value;
    }
    throw wrong(place, "mac", value, "a MAC address of one card, such as 52:54:00:12:34:56");
  }

  private static Integer vlan(Object value, String place) throws IOException {
    if (value == null || (value instanceof Integer id && id >= 1 && id <= LAST_VLAN)) {
      return (Integer) value;
    }
    throw wrong(place, "vlan", value, "a number from 1 to " + LAST_VLAN);
  }

  private static Boolean flag(Object value, String place) throws IOException {
    if (value == null || value instanceof Boolean) {
      return (Boolean) value;
    }
    throw wrong(place, "spoofCheck", value, "true or false");
  }

  private static IOException wrong(String place, String field, Object value, String right) {
    return new IOException(
        "parameters of %s: %s is \"%s\", and must be %s".formatted(place, field, value, right));
  }
}
