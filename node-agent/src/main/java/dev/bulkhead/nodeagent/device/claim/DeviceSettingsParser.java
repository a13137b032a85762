package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.nodeagent.device.inventory.PciAddress;
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
      Set.of(
          "apiVersion",
          "kind",
          "mac",
          "vlan",
          "spoofCheck",
          "resizableBar",
          "rom",
          "romFile",
          "guestAddress",
          "bootOrder",
          "primaryDisplay",
          "hiddenHypervisor",
          "hypervisorVendor");

  /// Not one of a group: its first byte is even (IEEE 802, 8.2).
  private static final Pattern MAC =
      Pattern.compile("[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}");

  private static final int LAST_VLAN = 4094;

  /// No way out of the folder that they are in.
  private static final Pattern FILE_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");

  /// Behind a root port: a PCI Express device of its own has slot 0 of its bus.
  private static final Pattern GUEST_ADDRESS = Pattern.compile("0000:(0[1-9a-f]|1[0-9a-f]):00\\.0");

  /// The VM's disks and devices together are fewer.
  private static final int LAST_BOOT_ORDER = 100;

  /// Three registers of CPUID leaf 0x40000000 (Hypervisor Top Level Functional Specification).
  private static final Pattern VENDOR = Pattern.compile("[A-Za-z0-9 ]{1,12}");

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
    var fields = new Fields(parameters, place);
    var address =
        fields.text("guestAddress", GUEST_ADDRESS, "an address from 0000:01:00.0 to 0000:1f:00.0");
    var size =
        fields.text(
            "resizableBar",
            BarSize.TEXT,
            "largest, smallest, or a power of two with Mi, Gi or Ti, such as 16Gi");
    return new DeviceSettings(
        new DeviceSettings.Card(
            fields.text("mac", MAC, "a MAC address of one card, such as 52:54:00:12:34:56"),
            fields.number("vlan", LAST_VLAN),
            fields.flag("spoofCheck")),
        size == null ? null : new BarSize(size),
        new DeviceSettings.Guest(
            fields.flag("rom"),
            fields.text("romFile", FILE_NAME, "the name of a file, without folders"),
            address == null ? null : PciAddress.parse(address),
            fields.number("bootOrder", LAST_BOOT_ORDER),
            fields.flag("primaryDisplay"),
            fields.flag("hiddenHypervisor"),
            fields.text("hypervisorVendor", VENDOR, "1 to 12 letters, digits and spaces")));
  }

  private record Fields(Map<String, Object> parameters, String place) {
    String text(String field, Pattern right, String words) throws IOException {
      var value = parameters.get(field);
      if (value == null || (value instanceof String text && right.matcher(text).matches())) {
        return (String) value;
      }
      throw wrong(field, value, words);
    }

    /// From 1.
    Integer number(String field, int last) throws IOException {
      var value = parameters.get(field);
      if (value == null || (value instanceof Integer number && number >= 1 && number <= last)) {
        return (Integer) value;
      }
      throw wrong(field, value, "a number from 1 to " + last);
    }

    Boolean flag(String field) throws IOException {
      var value = parameters.get(field);
      if (value == null || value instanceof Boolean) {
        return (Boolean) value;
      }
      throw wrong(field, value, "true or false");
    }

    private IOException wrong(String field, Object value, String right) {
      return new IOException(
          "parameters of %s: %s is \"%s\", and must be %s".formatted(place, field, value, right));
    }
  }
}
