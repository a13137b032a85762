package dev.bulkhead.nodeagent.device.inventory;

import java.util.Comparator;
import java.util.regex.Pattern;

/// Where a function sits: `domain:bus:device.function`, as sysfs and `lspci -D` write it. Domains
/// above ffff exist (Intel VMD makes them).
public record PciAddress(int domain, int bus, int device, int function)
    implements Comparable<PciAddress> {

  private static final Pattern TEXT =
      Pattern.compile("([0-9a-f]{4,8}):([0-9a-f]{2}):([01][0-9a-f])\\.([0-7])");
  private static final int HEX = 16;
  private static final Comparator<PciAddress> ORDER =
      Comparator.comparingInt(PciAddress::domain).thenComparingInt(PciAddress::routingId);

  /// The address that a text of that form means.
  ///
  /// @throws IllegalArgumentException if it is no such address
  public static PciAddress parse(String text) {
    var match = TEXT.matcher(text);
    if (!match.matches()) {
      throw new IllegalArgumentException("not a PCI address: " + text);
    }
    return new PciAddress(
        Integer.parseUnsignedInt(match.group(1), HEX),
        Integer.parseInt(match.group(2), HEX),
        Integer.parseInt(match.group(3), HEX),
        Integer.parseInt(match.group(4)));
  }

  public static boolean isOne(String text) {
    return TEXT.matcher(text).matches();
  }

  /// 16 bits: bus, device and function, as on the wire (PCI Express Base Specification, 2.2.4.2).
  public int routingId() {
    return (bus << 8) | (device << 3) | function;
  }

  /// The function whose routing id is that much higher, as SR-IOV counts its virtual functions.
  public PciAddress plus(int routingIds) {
    int id = routingId() + routingIds;
    return new PciAddress(domain, id >> 8, (id >> 3) & 0x1f, id & 7);
  }

  /// As part of a name that Kubernetes takes: `0000-01-00-0`.
  public String inName() {
    return toString().replace(':', '-').replace('.', '-');
  }

  @Override
  public int compareTo(PciAddress other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return "%04x:%02x:%02x.%d".formatted(domain, bus, device, function);
  }
}
