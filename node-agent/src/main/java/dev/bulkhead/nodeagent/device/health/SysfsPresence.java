package dev.bulkhead.nodeagent.device.health;

import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Looks for what claims were given in the node's sysfs.
///
/// @param sys the node's
/// @param recorded whether it is a record of another machine's, where virtual functions and
///     mediated devices are never made; then what they would be made of counts
public record SysfsPresence(Path sys, boolean recorded) implements DeviceHealth.Presence {

  @Override
  public Optional<String> missing(Source source) {
    return switch (source) {
      case Source.Group(var functions) -> missingOf(functions);
      case Source.VirtualFunction(var parent, _, var address) ->
          missingOf(recorded ? List.of(parent) : List.of(parent, address));
      case Source.Mediated(var parent, _, var uuid) ->
          missingOf(List.of(parent))
              .or(() -> recorded ? Optional.empty() : missing("mdev", uuid, "mediated device "));
      case Source.Usb(var port) -> missing("usb", port, "usb ");
    };
  }

  private Optional<String> missingOf(List<PciAddress> functions) {
    return functions.stream()
        .flatMap(function -> missing("pci", function.toString(), "").stream())
        .findFirst();
  }

  private Optional<String> missing(String bus, String name, String what) {
    return Files.exists(sys.resolve("bus").resolve(bus).resolve("devices").resolve(name))
        ? Optional.empty()
        : Optional.of(what + name);
  }
}
