package dev.bulkhead.nodeagent.network;

import dev.bulkhead.nodeagent.domain.QemuUser;
import dev.bulkhead.nodeagent.linux.Command;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/// Keeps QEMU itself off every network. A guest's packets go through its tap, which no socket of
/// QEMU's user is needed for; a guest that broke out of its QEMU would otherwise speak from the
/// agent's pod, past all policies that hold for its own.
public final class QemuFirewall {
  private static final String RULESET =
      """
      table inet bulkhead
      delete table inet bulkhead
      table inet bulkhead {
        chain from-qemu {
          type filter hook output priority filter
          meta skuid %d-%d reject
        }
      }
      """
          .formatted(QemuUser.FIRST, QemuUser.LAST);

  private QemuFirewall() {}

  /// Holds for the network namespace that agent and libvirtd share, as long as that exists: also
  /// for a QEMU that outlives them.
  public static void raise() throws IOException {
    Command.run(
        List.of("sh", "-euc", "printf %s \"$NFT_RULESET\" | nft -f -"),
        Map.of("NFT_RULESET", RULESET));
  }
}
