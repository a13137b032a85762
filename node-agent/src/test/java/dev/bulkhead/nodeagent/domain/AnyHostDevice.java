package dev.bulkhead.nodeagent.domain;

import dev.bulkhead.nodeagent.device.claim.DeviceSettings;
import dev.bulkhead.nodeagent.device.inventory.NumaNode;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/// Host devices as claims may bring them: none twice, none at another's address in the guest, and
/// some of NUMA nodes.
final class AnyHostDevice {
  private AnyHostDevice() {}

  static Arbitrary<List<HostDevice>> some() {
    var shapes =
        Combinators.combine(
                Arbitraries.integers().between(0, 2),
                settings(),
                Arbitraries.of(true, false),
                nodes().injectNull(0.4))
            .as(Shape::new);
    return Arbitraries.frequencyOf(
            Tuple.of(2, shapes.list().ofSize(0)),
            Tuple.of(2, shapes.list().ofMaxSize(4)),
            Tuple.of(1, shapes.list().ofMaxSize(12)))
        .map(
            all -> {
              var devices = new ArrayList<HostDevice>();
              for (int i = 0; i < all.size(); i++) {
                devices.add(all.get(i).at(i + 1));
              }
              return devices;
            });
  }

  private static Arbitrary<NumaNode> nodes() {
    return Combinators.combine(Arbitraries.integers().between(0, 8), Arbitraries.of(true, false))
        .as(NumaNode::new);
  }

  private record Shape(int kind, DeviceSettings.Guest settings, boolean addressed, NumaNode node) {
    HostDevice at(int number) {
      return device(number).near(node);
    }

    private HostDevice device(int number) {
      var placed =
          new DeviceSettings.Guest(
              settings.rom(),
              settings.romFile(),
              addressed ? new PciAddress(0, 0x10 + number, 0, 0) : null,
              settings.bootOrder(),
              settings.primaryDisplay(),
              settings.hiddenHypervisor(),
              settings.hypervisorVendor());
      return switch (kind) {
        case 0 -> new HostDevice.Function(new PciAddress(0, number, 0x1f, 7), 0, placed);
        case 1 ->
            new HostDevice.Mediated(
                UUID.nameUUIDFromBytes(new byte[] {(byte) number}).toString(),
                placed.booting(null));
        default -> new HostDevice.Usb(number, 127, placed);
      };
    }
  }

  private static Arbitrary<DeviceSettings.Guest> settings() {
    var flags = Arbitraries.of(true, false).injectNull(0.5);
    return Combinators.combine(
            flags,
            Arbitraries.of("vbios.rom", "A100_80.bin").injectNull(0.5),
            Arbitraries.integers().between(1, 100).injectNull(0.5),
            flags,
            flags,
            Arbitraries.of("AuthenticAMD", "none").injectNull(0.5))
        .as(
            (rom, romFile, bootOrder, primary, hidden, vendor) ->
                new DeviceSettings.Guest(rom, romFile, null, bootOrder, primary, hidden, vendor));
  }
}
