package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.DevicesMessage;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Puts into words why no node can give a VM its devices: which nodes were looked at, and what each
/// lacks. It does not evaluate what a claim selects by; that is the scheduler's.
final class DeviceShortage {
  /// Of more nodes, only the count is told.
  private static final int NODES_TOLD = 5;

  private static final int WORDS_OF_A_NODE = 300;

  private DeviceShortage() {}

  /// What a claim asks for that has no devices yet.
  ///
  /// @param device the entry of spec.devices
  /// @param deviceClass null for a request that leaves a choice of several
  /// @param type of devices that the class has, null for all
  record Wish(String device, String deviceClass, String type) {}

  /// A node and what it gives away.
  ///
  /// @param says its own words about the devices that it gives and keeps; null for none
  record Node(String name, List<Device> devices, DevicesMessage says) {}

  /// One device that a node gives away.
  ///
  /// @param user who has it; null for nobody
  /// @param fault why nobody new gets it; null for none
  record Device(String type, String user, String fault) {}

  static String explain(Wish wish, List<Node> nodes) {
    var what =
        wish.deviceClass() == null
            ? "device " + wish.device()
            : "device %s (%s)".formatted(wish.device(), wish.deviceClass());
    if (nodes.isEmpty()) {
      return "no node gives hardware away, so there is none for %s".formatted(what);
    }
    var told =
        nodes.stream()
            .limit(NODES_TOLD)
            .map(node -> node.name() + " " + lack(wish, node))
            .collect(Collectors.joining("; "));
    var others = nodes.size() - NODES_TOLD;
    return "for %s, nodes were looked at: %s%s"
        .formatted(what, told, others > 0 ? "; and %d more".formatted(others) : "");
  }

  private static String lack(Wish wish, Node node) {
    var fitting =
        node.devices().stream()
            .filter(device -> wish.type() == null || device.type().equals(wish.type()))
            .toList();
    if (fitting.isEmpty()) {
      return "gives none away" + keeps(wish, node.says(), true);
    }
    var free = fitting.stream().filter(device -> device.user() == null).toList();
    var sound = free.stream().filter(device -> device.fault() == null).count();
    var users = named(fitting.stream().map(Device::user));
    var faults = named(free.stream().map(Device::fault));
    var taken =
        (users.isEmpty() ? "" : ", with " + users)
            + (faults.isEmpty() ? "" : ", out of use: " + shorten(faults));
    if (sound == 0) {
      return "has " + fitting.size() + taken + keeps(wish, node.says(), false);
    }
    return "has %s%d free, which the claim's selectors exclude, or the VM does not fit there%s"
        .formatted(
            taken.isEmpty() ? "" : fitting.size() + taken + ", ",
            sound,
            keeps(wish, node.says(), false));
  }

  private static String named(Stream<String> words) {
    return words.filter(Objects::nonNull).distinct().sorted().collect(Collectors.joining(", "));
  }

  /// What the node keeps that might have been the one, and why.
  ///
  /// @param otherwiseAll whether all that the node says is told if it keeps none such
  private static String keeps(Wish wish, DevicesMessage says, boolean otherwiseAll) {
    if (says == null) {
      return "";
    }
    var kept =
        wish.type() == null
            ? says.kept()
            : says.kept().stream().filter(words -> concerns(wish.type(), words)).toList();
    if (kept.isEmpty()) {
      return otherwiseAll ? " (" + shorten(says.text()) + ")" : "";
    }
    return " (keeps: " + shorten(String.join("; ", kept)) + ")";
  }

  private static boolean concerns(String type, String kept) {
    return kept.startsWith(type + " ")
        || (kept.startsWith("all PCI devices ") && !type.equals("usb") && !type.equals("mdev"))
        || (kept.startsWith("virtual functions of ") && type.equals("nic-vf"));
  }

  private static String shorten(String words) {
    return words.length() <= WORDS_OF_A_NODE ? words : words.substring(0, WORDS_OF_A_NODE) + "…";
  }
}
