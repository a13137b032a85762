package dev.bulkhead.nodeagent.device.inventory;

import dev.bulkhead.nodeagent.device.inventory.Sysfs.MalformedException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Which NUMA node of this host a PCI function is local to. What nodes there are is read once: who
/// adds memory to a host that runs restarts the agent.
public final class NumaNodes {
  /// kernel, Documentation/ABI/stable/sysfs-devices-node: `0-1,4`; empty for none.
  private static final Pattern RANGE = Pattern.compile("(\\d{1,4})(?:-(\\d{1,4}))?");

  /// proc(5): the nodes that a process may have memory from. init's are the most that any other
  /// process of the node is allowed, libvirtd and the guests that it starts among them.
  private static final Pattern ALLOWED = Pattern.compile("(?m)^Mems_allowed_list:\\s*(\\S*)$");

  private final Path sys;
  private final Set<Integer> online;
  private final Set<Integer> lending;

  /// @param sys the node's
  /// @param proc the node's
  public NumaNodes(Path sys, Path proc) {
    this.sys = sys;
    var all = sys.resolve("devices/system/node");
    this.online = list(Sysfs.text(all.resolve("online")));
    this.lending = list(Sysfs.text(all.resolve("has_memory")));
    var init = Sysfs.text(proc.resolve("1/status"));
    var allowed = ALLOWED.matcher(init == null ? "" : init);
    lending.retainAll(allowed.find() ? list(allowed.group(1)) : Set.of());
  }

  /// None where the host has only one, or its firmware does not say.
  public Optional<NumaNode> of(PciAddress function) {
    if (online.size() < 2) {
      return Optional.empty();
    }
    try {
      var file = Sysfs.function(sys, function).resolve("numa_node");
      int node = (int) Sysfs.number(file).orElse(-1);
      return online.contains(node)
          ? Optional.of(new NumaNode(node, lending.contains(node)))
          : Optional.empty();
    } catch (MalformedException _) {
      return Optional.empty();
    }
  }

  private static Set<Integer> list(String text) {
    var numbers = new HashSet<Integer>();
    var ranges = RANGE.matcher(text == null ? "" : text);
    while (ranges.find()) {
      int first = Integer.parseInt(ranges.group(1));
      int last = ranges.group(2) == null ? first : Integer.parseInt(ranges.group(2));
      for (int number = first; number <= last; number++) {
        numbers.add(number);
      }
    }
    return numbers;
  }
}
