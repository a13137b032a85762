package dev.bulkhead.nodeagent.device.claim;

/// How a claim wants its device: the opaque parameters of `bulkhead.dev`, read.
///
/// @param mac of a virtual function; null: the card's choice
/// @param vlan 1 to 4094, of a virtual function; null: untagged
/// @param spoofCheck whether the card drops what has another MAC; null: the driver's choice
public record DeviceSettings(String mac, Integer vlan, Boolean spoofCheck) {
  public static final DeviceSettings NONE = new DeviceSettings(null, null, null);

  /// These, and where they say nothing, the others.
  DeviceSettings over(DeviceSettings others) {
    return new DeviceSettings(
        mac == null ? others.mac : mac,
        vlan == null ? others.vlan : vlan,
        spoofCheck == null ? others.spoofCheck : spoofCheck);
  }
}
