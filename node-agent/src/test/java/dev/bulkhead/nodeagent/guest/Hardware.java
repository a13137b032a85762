package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.nodeagent.device.claim.DeviceSettings;
import dev.bulkhead.nodeagent.device.claim.Prepared.PreparedDevice;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import dev.bulkhead.nodeagent.domain.HostDevice;
import dev.bulkhead.nodeagent.guest.GuestDevices.Given;
import java.util.List;
import java.util.stream.Collectors;

/// Devices of a node to test with.
final class Hardware {
  static final HostDevice DISK = function("0000:02:00.0");
  static final HostDevice CARD = function("0000:03:00.0");
  static final List<Given> TWO =
      List.of(given("disk", "0000:02:00.0"), given("card", "0000:03:00.0"));

  private Hardware() {}

  /// All of it reserved for the guest.
  static GuestDevices.Wanted wanted(List<Given> given) {
    return new GuestDevices.Wanted(
        given,
        given.stream().flatMap(Given::inGuest).map(HostDevice::id).collect(Collectors.toSet()));
  }

  static Given given(String entry, String address) {
    return new Given(
        entry,
        new PreparedDevice(
            "r",
            entry,
            new Source.Group(List.of(PciAddress.parse(address))),
            List.of("/dev/vfio/vfio", "/dev/vfio/14"),
            DeviceSettings.Guest.NONE,
            null));
  }

  private static HostDevice function(String address) {
    return new HostDevice.Function(PciAddress.parse(address), 0, DeviceSettings.Guest.NONE);
  }
}
