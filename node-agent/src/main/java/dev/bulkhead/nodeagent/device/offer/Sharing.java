package dev.bulkhead.nodeagent.device.offer;

import dev.bulkhead.nodeagent.device.inventory.Inventory;
import dev.bulkhead.nodeagent.device.inventory.PciFunction;
import dev.bulkhead.nodeagent.device.offer.Offer.Draw;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// What excludes each other, as counters: a function whole and its virtual functions, mediated
/// devices of one parent, a USB controller and what is plugged into it. There is one set for each
/// IOMMU group, because a device may draw on two at most, and a card can have more functions than
/// that.
final class Sharing {
  /// Of a parent of mediated devices; each takes its part of it.
  private static final long WHOLE = 1_000_000;

  /// Addresses of devices on one bus (USB 2.0 specification, 4.1.1).
  private static final long USB_ADDRESSES = 127;

  private Sharing() {}

  /// All that a group has to share; nothing if its functions are only ever used whole.
  static List<Draw> whole(List<PciFunction> group) {
    var counters = new TreeMap<String, Long>();
    group.forEach(function -> counters.putAll(countersOf(function)));
    return counters.isEmpty() ? List.of() : List.of(new Draw(setOf(group.getFirst()), counters));
  }

  static List<Draw> virtualFunction(PciFunction parent) {
    return part(parent, virtualFunctions(parent), 1);
  }

  /// @param max how many of its type the parent can be
  static List<Draw> mediated(PciFunction parent, int max) {
    return part(parent, mediated(parent), WHOLE / max);
  }

  static List<Draw> usb(PciFunction controller) {
    return part(controller, usbDevices(controller), 1);
  }

  private static List<Draw> part(PciFunction function, String counter, long much) {
    return List.of(new Draw(setOf(function), new TreeMap<>(Map.of(counter, much))));
  }

  private static Map<String, Long> countersOf(PciFunction function) {
    var counters = new TreeMap<String, Long>();
    if (function.physical() != null) {
      counters.put(virtualFunctions(function), (long) function.physical().total());
    }
    if (!function.mdevTypes().isEmpty()) {
      counters.put(mediated(function), WHOLE);
    }
    if (function.isUsbController()) {
      counters.put(usbDevices(function), USB_ADDRESSES);
    }
    return counters;
  }

  private static String setOf(PciFunction member) {
    return member.iommuGroup() == null
        ? "function-" + member.address().inName()
        : "group-" + member.iommuGroup();
  }

  private static String virtualFunctions(PciFunction function) {
    return "vfs-" + function.address().inName();
  }

  private static String mediated(PciFunction function) {
    return "share-" + function.address().inName();
  }

  private static String usbDevices(PciFunction function) {
    return "usb-" + function.address().inName();
  }

  /// The counters that the offers together could exhaust, by set. With the others they cannot
  /// exclude each other.
  static SortedMap<String, SortedMap<String, Long>> scarce(
      Inventory inventory, List<Offer> offers) {
    var drawn = new TreeMap<String, SortedMap<String, Long>>();
    for (var offer : offers) {
      for (var draw : offer.draws()) {
        var set = drawn.computeIfAbsent(draw.set(), _ -> new TreeMap<>());
        draw.counters().forEach((counter, much) -> set.merge(counter, much, Long::sum));
      }
    }
    var wholes = new TreeMap<String, Long>();
    inventory.functions().forEach(function -> wholes.putAll(countersOf(function)));
    for (var set : drawn.values()) {
      set.entrySet().removeIf(counter -> counter.getValue() <= wholes.get(counter.getKey()));
      set.replaceAll((counter, _) -> wholes.get(counter));
    }
    drawn.values().removeIf(Map::isEmpty);
    return drawn;
  }

  /// The draws on counters that are there.
  static List<Draw> on(SortedMap<String, SortedMap<String, Long>> counters, List<Draw> draws) {
    var left = new ArrayList<Draw>();
    for (var draw : draws) {
      var counted = new TreeMap<>(draw.counters());
      counted.keySet().retainAll(counters.getOrDefault(draw.set(), new TreeMap<>()).keySet());
      if (!counted.isEmpty()) {
        left.add(new Draw(draw.set(), counted));
      }
    }
    return List.copyOf(left);
  }
}
