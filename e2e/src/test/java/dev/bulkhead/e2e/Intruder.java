package dev.bulkhead.e2e;

import dev.bulkhead.e2e.bed.Output;
import java.util.Map;
import java.util.stream.Collectors;

/// A guest that has broken out of its QEMU, without QEMU's own seccomp sandbox on top: any program,
/// as QEMU's user and groups, in QEMU's namespaces and cgroups.
record Intruder(Host host, long qemu) {

  /// The effective user; QEMU's group has the same number.
  long user() {
    return Long.parseLong(status("Uid").split("\\s+", -1)[1]);
  }

  String status(String field) {
    return host.sh("grep -E '^%s:' /proc/%d/status | cut -d: -f2-".formatted(field, qemu)).strip();
  }

  Output run(String script) {
    var become =
        "setpriv --reuid %1$d --regid %1$d --groups %2$s --no-new-privs --bounding-set -all --inh-caps -all"
            .formatted(user(), String.join(",", status("Groups").split("\\s+", -1)));
    return inQemusPlace(become, script);
  }

  /// The same as root, to see that an attempt fails for want of rights and nothing else.
  Output runAsRoot(String script) {
    return inQemusPlace("", script);
  }

  private Output inQemusPlace(String become, String script) {
    return host.exec(
        "bash",
        "-euc",
        "%s\nexec nsenter --target %d --mount --pid --net --ipc --uts -- %s bash -c \"$0\""
            .formatted(joinCgroups(), qemu, become),
        script);
  }

  private String joinCgroups() {
    return host
        .sh("cat /proc/" + qemu + "/cgroup")
        .lines()
        .map(line -> line.split(":", 3))
        .collect(Collectors.toMap(parts -> parts[1], parts -> parts[2]))
        .entrySet()
        .stream()
        .map(Intruder::procsFile)
        .map("echo $$ >%s"::formatted)
        .collect(Collectors.joining("\n"));
  }

  /// A name without "name=" is a list of controllers of cgroup v1; an empty one is cgroup v2.
  private static String procsFile(Map.Entry<String, String> cgroup) {
    var hierarchy = cgroup.getKey().isEmpty() ? "" : "/" + cgroup.getKey().replace("name=", "");
    return "/sys/fs/cgroup" + hierarchy + cgroup.getValue() + "/cgroup.procs";
  }
}
