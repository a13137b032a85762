package dev.bulkhead.nodeagent.device;

import dev.bulkhead.nodeagent.device.OfferPlannerPropertyTest.RandomHost;
import dev.bulkhead.nodeagent.device.inventory.Inventory;
import dev.bulkhead.nodeagent.device.inventory.Inventory.Unreadable;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.inventory.PciFunction;
import dev.bulkhead.nodeagent.device.inventory.PciFunction.Ids;
import dev.bulkhead.nodeagent.device.inventory.PciFunction.MdevType;
import dev.bulkhead.nodeagent.device.inventory.PciFunction.Physical;
import dev.bulkhead.nodeagent.device.inventory.PciIds;
import dev.bulkhead.nodeagent.device.inventory.UsbDevice;
import dev.bulkhead.nodeagent.device.offer.Giving;
import dev.bulkhead.nodeagent.device.offer.HostUse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/// Makes up hosts: the same one from the same seed.
final class RandomHosts {
  private static final int[] CLASSES = {
    0x010601, 0x010802, 0x020000, 0x030000, 0x030200, 0x040300, 0x050000, 0x060100, 0x0c0330,
    0x0c0500, 0x120000
  };
  private static final List<String> WORDS =
      List.of("gpu", "nvme", "nic", "nic-vf", "mdev", "usb", "pci");

  private final long seed;
  private final Random random;
  private final List<PciFunction> functions = new ArrayList<>();
  private final List<UsbDevice> usb = new ArrayList<>();
  private int groups;

  RandomHosts(long seed) {
    this.seed = seed;
    this.random = new Random(seed);
  }

  RandomHost host() {
    int buses = 1 + random.nextInt(5);
    for (int bus = 1; bus <= buses; bus++) {
      card(bus);
    }
    var inventory =
        new Inventory(
            random.nextInt(10) == 0 ? Inventory.Iommu.OFF : Inventory.Iommu.ON,
            List.copyOf(functions),
            List.copyOf(usb),
            PciIds.NONE,
            unreadable());
    return new RandomHost(seed, inventory, use(), giving());
  }

  private Map<String, Unreadable> unreadable() {
    return random.nextInt(4) == 0
        ? Map.of("0000:ff:00.0", new Unreadable(random.nextInt(groups + 1), "nonsense"))
        : Map.of();
  }

  private void card(int bus) {
    var bridge = new PciAddress(0, 0, bus, 0);
    var bridges = random.nextInt(4) == 0 ? List.<PciAddress>of() : List.of(bridge);
    if (!bridges.isEmpty()) {
      function(bridge, List.of(), 0x060400, groups + random.nextInt(2), null, null, List.of());
    }
    int last = random.nextInt(3);
    boolean together = random.nextBoolean();
    for (int i = 0; i <= last; i++) {
      var address = new PciAddress(0, bus, 0, i);
      int code = CLASSES[random.nextInt(CLASSES.length)];
      var physical = random.nextInt(4) == 0 ? physical(i) : null;
      var parent = function(address, bridges, code, group(together), null, physical, types());
      for (int n = 0; physical != null && n < physical.now(); n++) {
        function(
            address.plus(physical.offset() + n * physical.stride()),
            bridges,
            code,
            random.nextInt(6) == 0 ? groups : ++groups,
            parent.address(),
            null,
            List.of());
      }
      if (code == 0x0c0330) {
        plug(bus * 8 + i, address);
      }
    }
    groups++;
  }

  private int group(boolean together) {
    return together ? groups : ++groups;
  }

  /// Far enough from the card's own functions, and from the virtual ones of the card's others.
  private Physical physical(int function) {
    int total = 1 + random.nextInt(4);
    return new Physical(
        total,
        random.nextBoolean() ? 0 : 1 + random.nextInt(total),
        16 + 8 * (function + 3 * random.nextInt(4)),
        1,
        "1234");
  }

  private List<MdevType> types() {
    if (random.nextInt(5) != 0) {
      return List.of();
    }
    var types = new ArrayList<MdevType>();
    for (int i = 0; i < 1 + random.nextInt(3); i++) {
      int max = 1 + random.nextInt(4);
      types.add(
          new MdevType(
              "made-up_" + i,
              null,
              "vfio-pci",
              random.nextInt(max + 1),
              random.nextBoolean() ? max : null,
              random.nextInt(4) == 0
                  ? List.of("4b20d080-1b54-4048-85b3-a6a62d165c01")
                  : List.of()));
    }
    return types;
  }

  private PciFunction function(
      PciAddress address,
      List<PciAddress> bridges,
      int code,
      int group,
      PciAddress parent,
      Physical physical,
      List<MdevType> types) {
    var function =
        new PciFunction(
            address,
            "pci0000:00",
            bridges,
            new Ids("1234", "5678", "0000", "0000"),
            code,
            random.nextBoolean() ? "driver" : null,
            random.nextBoolean() ? 0 : null,
            null,
            random.nextInt(20) == 0 ? null : Integer.valueOf(group),
            List.of("bus"),
            4096,
            null,
            null,
            physical,
            parent,
            types,
            Set.of(),
            random.nextInt(10) == 0,
            random.nextInt(10) == 0 ? 1 : 0,
            random.nextInt(10) == 0 ? "Inappropriate ioctl for device" : null);
    if (functions.stream().noneMatch(other -> other.address().equals(address))) {
      functions.add(function);
    }
    return function;
  }

  private void plug(int bus, PciAddress controller) {
    for (int i = 1; i <= random.nextInt(3); i++) {
      usb.add(
          new UsbDevice(
              bus + "-" + i,
              bus,
              i,
              "1234",
              "5678",
              null,
              null,
              null,
              controller,
              random.nextInt(4) == 0));
    }
  }

  private HostUse use() {
    var used = new TreeMap<PciAddress, String>();
    functions.stream()
        .filter(_ -> random.nextInt(5) == 0)
        .forEach(function -> used.put(function.address(), "is needed"));
    var ports = new TreeMap<String, String>();
    usb.stream()
        .filter(_ -> random.nextInt(5) == 0)
        .forEach(device -> ports.put(device.port(), "is needed"));
    return new HostUse(used, ports);
  }

  private Giving giving() {
    var allow = new HashSet<String>();
    WORDS.stream().filter(_ -> random.nextInt(5) != 0).forEach(allow::add);
    return new Giving(allow, random.nextBoolean());
  }
}
