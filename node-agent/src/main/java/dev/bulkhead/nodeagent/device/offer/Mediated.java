package dev.bulkhead.nodeagent.device.offer;

import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.inventory.PciFunction;
import dev.bulkhead.nodeagent.device.inventory.PciFunction.MdevType;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.stream.IntStream;

/// How mediated devices are counted and told apart: each has a place, and its place has a UUID, so
/// that sysfs alone tells which of them exist.
final class Mediated {
  /// More than any driver makes of one parent: NVIDIA's limit is 32.
  private static final int MOST = 64;

  private Mediated() {}

  static String uuid(PciAddress parent, String type, int place) {
    return UUID.nameUUIDFromBytes(
            "bulkhead.dev/%s/%s/%d".formatted(parent, type, place).getBytes(StandardCharsets.UTF_8))
        .toString();
  }

  static String name(PciAddress parent, String type, int place) {
    return "mdev-%s-%s-%d"
        .formatted(
            parent.inName(), type.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-"), place);
  }

  /// The places of a type that are offered, those of existing ones among them, but as many fewer as
  /// others made. Where the driver does not say how many there can be, that is known only as long
  /// as there is none of another type, for they share one memory.
  static List<Integer> places(PciFunction parent, MdevType type) {
    var ours = ours(parent, type);
    int foreign = type.instances().size() - ours.size();
    if (type.max() != null) {
      return upTo(type.max() - foreign);
    }
    boolean others =
        parent.mdevTypes().stream()
            .anyMatch(other -> !other.id().equals(type.id()) && !other.instances().isEmpty());
    return others ? ours : upTo(ours.size() + type.available());
  }

  private static List<Integer> upTo(int count) {
    return IntStream.range(0, Math.clamp(count, 0, MOST)).boxed().toList();
  }

  /// Whether somebody else made one.
  static boolean isForeign(PciFunction parent, MdevType type) {
    return ours(parent, type).size() < type.instances().size();
  }

  private static List<Integer> ours(PciFunction parent, MdevType type) {
    return type.instances().isEmpty()
        ? List.of()
        : upTo(MOST).stream()
            .filter(place -> type.instances().contains(uuid(parent.address(), type.id(), place)))
            .toList();
  }
}
