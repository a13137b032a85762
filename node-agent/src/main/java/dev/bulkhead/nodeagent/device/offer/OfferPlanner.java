package dev.bulkhead.nodeagent.device.offer;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toList;

import dev.bulkhead.nodeagent.device.inventory.Inventory;
import dev.bulkhead.nodeagent.device.inventory.Inventory.Unreadable;
import dev.bulkhead.nodeagent.device.inventory.PciFunction;
import dev.bulkhead.nodeagent.device.inventory.UsbDevice;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import dev.bulkhead.nodeagent.device.offer.Offered.Withheld;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// Decides what a node gives away. What the node needs, or what hangs together in one IOMMU group
/// with that, is never offered; the endpoints of a group are one device; what excludes each other
/// draws on one counter.
public final class OfferPlanner {
  private final Inventory inventory;
  private final Giving giving;
  private final Reservations reservations;
  private final List<Offer> offers = new ArrayList<>();
  private final List<Withheld> withheld = new ArrayList<>();

  private OfferPlanner(Inventory inventory, HostUse use, Giving giving) {
    this.inventory = sorted(inventory);
    this.giving = giving;
    this.reservations = new Reservations(this.inventory, use, giving);
  }

  private static Inventory sorted(Inventory inventory) {
    return new Inventory(
        inventory.iommu(),
        inventory.functions().stream().sorted(comparing(PciFunction::address)).toList(),
        inventory.usbDevices().stream().sorted(comparing(UsbDevice::port)).toList(),
        inventory.names(),
        inventory.unreadable());
  }

  public static Offered plan(Inventory inventory, HostUse use, Giving giving) {
    return new OfferPlanner(inventory, use, giving).plan();
  }

  private Offered plan() {
    inventory.unreadable().forEach((what, unreadable) -> withhold(what, nonsense(unreadable)));
    var iommu = whatIommuLacks();
    if (iommu.isPresent() && inventory.functions().stream().anyMatch(f -> !f.isBridge())) {
      withhold("all PCI devices", "are kept: " + iommu.get());
    }
    if (iommu.isEmpty()) {
      inventory.functions().stream()
          .filter(function -> function.iommuGroup() == null && !function.isBridge())
          .forEach(function -> withhold(function, "is not behind the IOMMU"));
      groups().values().forEach(this::offerGroup);
    }
    for (var function : inventory.functions()) {
      if (iommu.isEmpty()) {
        offerVirtualFunctions(function);
      }
      offerMediated(function);
    }
    inventory.usbDevices().forEach(this::offerUsb);
    return offered();
  }

  private Offered offered() {
    var counters = Sharing.scarce(inventory, offers);
    return new Offered(
        offers.stream()
            .map(offer -> offer.drawing(Sharing.on(counters, offer.draws())))
            .sorted(comparing(Offer::name))
            .toList(),
        counters,
        withheld.stream()
            .sorted(
                comparing((Withheld kept) -> kept.kind() == null).thenComparing(Withheld::toString))
            .toList());
  }

  private Optional<String> whatIommuLacks() {
    return switch (inventory.iommu()) {
      case ON -> Optional.empty();
      case OFF ->
          Optional.of(
              "the IOMMU is off. Turn on VT-d or AMD-Vi in the machine's setup, and boot Linux with"
                  + " intel_iommu=on on Intel");
      case WITHOUT_INTERRUPT_REMAPPING ->
          Optional.of(
              "the IOMMU does not remap interrupts, so a guest could forge the host's. Turn on"
                  + " interrupt remapping (x2APIC) in the machine's setup and do not boot with"
                  + " intremap=off. Or, if all guests are trusted, load vfio_iommu_type1 with"
                  + " allow_unsafe_interrupts=1");
    };
  }

  private SortedMap<Integer, List<PciFunction>> groups() {
    return inventory.functions().stream()
        .filter(function -> function.iommuGroup() != null)
        .filter(function -> !function.isBridge())
        .collect(groupingBy(PciFunction::iommuGroup, TreeMap::new, toList()));
  }

  private static String nonsense(Unreadable function) {
    return "shows something unreadable in sysfs: " + function.why();
  }

  private void offerGroup(List<PciFunction> group) {
    var kept = new TreeMap<String, String>();
    inventory
        .unreadable()
        .forEach(
            (what, unreadable) -> {
              if (group.getFirst().iommuGroup().equals(unreadable.iommuGroup())) {
                kept.put(what, nonsense(unreadable));
              }
            });
    for (var function : group) {
      var why = reservations.whyKept(function);
      if (why.isPresent()) {
        kept.put(function.address().toString(), why.get());
      } else if (function.parent() != null && group.size() > 1) {
        kept.put(
            function.address().toString(),
            "is a virtual function in a group with others: its slot or switch lacks ACS, which"
                + " a machine's setup can often turn on");
      }
    }
    if (kept.isEmpty()) {
      if (group.getFirst().parent() == null) {
        offers.add(whole(group));
      } else if (reservations.parentOf(group.getFirst()).isEmpty()) {
        withhold(group.getFirst(), "is a virtual function of an unknown card");
      }
      return;
    }
    for (var function : group) {
      var own = kept.get(function.address().toString());
      withhold(function, own == null ? shares(function, kept) : own);
    }
  }

  private static String shares(PciFunction function, Map<String, String> kept) {
    return "shares IOMMU group %d with %s"
        .formatted(
            function.iommuGroup(),
            kept.entrySet().stream()
                .map(entry -> entry.getKey() + ", which " + entry.getValue())
                .collect(joining(" and ")));
  }

  private Offer whole(List<PciFunction> group) {
    var first =
        group.stream().min(comparing(Kind::of).thenComparing(PciFunction::address)).orElseThrow();
    return new Offer(
        "pci-" + first.address().inName(),
        Kind.of(first),
        new Source.Group(group.stream().map(PciFunction::address).toList()),
        Attributes.of(first, Kind.of(first), group.size(), inventory.names()),
        Attributes.capacity(first, group),
        Sharing.whole(group),
        fault(group));
  }

  private static String fault(List<PciFunction> group) {
    return group.stream()
        .map(OfferPlanner::fault)
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  private static String fault(PciFunction function) {
    if (function.failedReset() != null) {
      return "reset failed: %s when it was given back: %s"
          .formatted(function.address(), function.failedReset());
    }
    return function.fatalErrors() == 0
        ? null
        : "%s had %d fatal PCI Express errors since it appeared (aer_dev_fatal)"
            .formatted(function.address(), function.fatalErrors());
  }

  /// Virtual functions of a network card work as soon as they are made; those of others wait to be
  /// given their share of the card by its own tool, so they are offered when somebody made them.
  private void offerVirtualFunctions(PciFunction parent) {
    var vfs = parent.physical();
    var kind = Kind.ofVirtualFunctionOf(parent);
    if (vfs == null) {
      return;
    }
    boolean mayMake = kind == Kind.NIC_VF && giving.allowsPart(parent, kind);
    int count = vfs.now() > 0 ? vfs.now() : mayMake ? vfs.total() : 0;
    var used = reservations.use(parent);
    if (used != null && vfs.now() == 0 && count > 0) {
      withhold(
          "virtual functions of " + parent.address(),
          "are not made: that can interrupt the network, and the card "
              + used
              + ". Make them yourself (sriov_numvfs), and they are offered");
      return;
    }
    for (int index = 0; index < count; index++) {
      var address = parent.address().plus(vfs.offset() + index * vfs.stride());
      var existing = inventory.function(address);
      if (existing.isPresent() ? isFree(existing.get(), parent) : vfs.now() == 0) {
        offers.add(
            new Offer(
                "vf-%s-%d".formatted(parent.address().inName(), index),
                kind,
                new Source.VirtualFunction(parent.address(), index, address),
                Attributes.ofVirtualFunction(parent, kind, address, inventory.names()),
                new TreeMap<>(),
                Sharing.virtualFunction(parent),
                fault(existing.map(vf -> List.of(parent, vf)).orElse(List.of(parent)))));
      }
    }
  }

  /// Whether nothing keeps this virtual function; what does was said with its group.
  private boolean isFree(PciFunction vf, PciFunction parent) {
    return parent.address().equals(vf.parent())
        && withheld.stream().noneMatch(kept -> kept.what().equals(vf.address().toString()));
  }

  private void offerMediated(PciFunction parent) {
    if (parent.mdevTypes().isEmpty() || !giving.allowsPart(parent, Kind.MDEV)) {
      return;
    }
    for (var type : parent.mdevTypes()) {
      var places = Mediated.places(parent, type);
      for (int place : places) {
        var uuid = Mediated.uuid(parent.address(), type.id(), place);
        offers.add(
            new Offer(
                Mediated.name(parent.address(), type.id(), place),
                Kind.MDEV,
                new Source.Mediated(parent.address(), type.id(), uuid),
                Attributes.ofMediated(parent, type, inventory.names()),
                new TreeMap<>(),
                Sharing.mediated(parent, places.size()),
                fault(List.of(parent))));
      }
    }
  }

  private void offerUsb(UsbDevice device) {
    var why = reservations.whyKept(device);
    if (why.isPresent()) {
      withhold("usb " + device.port(), why.get());
      return;
    }
    var controller =
        device.controller() == null
            ? Optional.<PciFunction>empty()
            : inventory.function(device.controller());
    offers.add(
        new Offer(
            "usb-" + device.port().replace('.', '-'),
            Kind.USB,
            new Source.Usb(device.port()),
            Attributes.ofUsb(device),
            new TreeMap<>(),
            controller.map(Sharing::usb).orElse(List.of()),
            null));
  }

  private void withhold(PciFunction function, String why) {
    var kind = Kind.of(function);
    withheld.add(new Withheld(kind == Kind.PCI ? null : kind, function.address().toString(), why));
  }

  private void withhold(String what, String why) {
    withheld.add(new Withheld(what, why));
  }
}
