package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.nodeagent.linux.Command;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// What a card does for a virtual function, set through its physical function (ip-link(8), `vf`),
/// in the node's network. All of it is set each time, so nothing is left of a former claim. The
/// physical function is taken into operation: drivers of virtual ones wait for its answer.
final class VirtualFunctionLink {
  private VirtualFunctionLink() {}

  static void set(String parentInterface, int index, DeviceSettings.Card settings)
      throws IOException {
    try {
      Command.run(command(parentInterface, index, settings));
    } catch (IOException e) {
      throw new IOException(
          "could not be set up on its card's interface %s: %s"
              .formatted(parentInterface, e.getMessage()),
          e);
    }
  }

  /// Without a MAC of the claim's, zeros: the driver in the guest then makes one up. VLAN 0 is
  /// none.
  static List<String> command(String parentInterface, int index, DeviceSettings.Card settings) {
    var command =
        new ArrayList<>(List.of("nsenter", "--target", "1", "--net", "ip", "link", "set", "dev"));
    command.addAll(List.of(parentInterface, "up", "vf", String.valueOf(index)));
    command.addAll(List.of("mac", settings.mac() == null ? "00:00:00:00:00:00" : settings.mac()));
    command.addAll(List.of("vlan", String.valueOf(settings.vlan() == null ? 0 : settings.vlan())));
    if (settings.spoofCheck() != null) {
      command.addAll(List.of("spoofchk", settings.spoofCheck() ? "on" : "off"));
    }
    return command;
  }
}
