package dev.bulkhead.nodeagent.hypervisor.libvirt;

import dev.bulkhead.nodeagent.hypervisor.Hypervisor.Ending;
import java.util.regex.Pattern;

/// Reads the log that libvirt keeps of a domain. It is what tells how a guest ended when nobody was
/// connected to libvirt at that time: `2026-11-23 14:00:00.000+0000: shutting down, reason=crashed`
/// (qemuProcessStop in libvirt's qemu_process.c).
final class DomainLog {
  private static final Pattern MARK =
      Pattern.compile(
          "^\\d{4}-\\d\\d-\\d\\d [0-9:.+]+: (?:(starting up)|shutting down, reason=(\\w+))",
          Pattern.MULTILINE);

  private DomainLog() {}

  /// The ending after the last start; unknown while there is none.
  static Ending lastEnding(String log) {
    var last = Ending.UNKNOWN;
    var marks = MARK.matcher(log);
    while (marks.find()) {
      last = marks.group(1) == null ? ending(marks.group(2)) : Ending.UNKNOWN;
    }
    return last;
  }

  /// virDomainShutoffReason, by the names libvirt gives them.
  private static Ending ending(String reason) {
    return switch (reason) {
      case "shutdown" -> Ending.POWERED_OFF;
      case "destroyed" -> Ending.DESTROYED;
      default -> Ending.CRASHED;
    };
  }
}
