package dev.bulkhead.nodeagent.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.device.OfferPlannerPropertyTest.RandomHost;
import dev.bulkhead.nodeagent.device.inventory.Inventory;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.inventory.PciFunction;
import dev.bulkhead.nodeagent.device.inventory.PciFunction.MdevType;
import dev.bulkhead.nodeagent.device.inventory.PciFunction.Physical;
import dev.bulkhead.nodeagent.device.offer.Offer;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import dev.bulkhead.nodeagent.device.offer.OfferPlanner;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/// A pool that changed with each claim would take a device away from who just got it.
class TakenOffersPropertyTest {
  private static final int NEW_GROUPS = 10_000;

  @Provide
  Arbitrary<RandomHost> hosts() {
    return Arbitraries.longs().map(RandomHost::of);
  }

  @Property(tries = 200)
  void whatIsTakenIsOfferedAsBefore(@ForAll("hosts") RandomHost host) {
    var offered = host.plan();
    for (var offer : offered.offers()) {
      var taken = taken(host.inventory(), offer);
      assertThat(OfferPlanner.plan(taken, host.use(), host.giving()))
          .as("once %s is taken", offer.name())
          .isEqualTo(offered);
    }
  }

  @Property(tries = 200)
  void whenAllVirtualFunctionsAreTakenAllIsOfferedAsBefore(@ForAll("hosts") RandomHost host) {
    var offered = host.plan();
    var inventory = host.inventory();
    for (var offer : offered.offers()) {
      if (offer.source() instanceof Source.VirtualFunction) {
        inventory = taken(inventory, offer);
      }
    }
    assertThat(OfferPlanner.plan(inventory, host.use(), host.giving())).isEqualTo(offered);
  }

  /// As the host looks when that one is prepared for a guest.
  private static Inventory taken(Inventory inventory, Offer offer) {
    var functions =
        switch (offer.source()) {
          case Source.Group(var group) ->
              inventory.functions().stream()
                  .map(f -> group.contains(f.address()) ? onVfio(f) : f)
                  .toList();
          case Source.VirtualFunction vf -> withVirtualFunctions(inventory, vf);
          case Source.Mediated mdev ->
              inventory.functions().stream()
                  .map(f -> f.address().equals(mdev.parent()) ? withMediated(f, mdev) : f)
                  .toList();
          case Source.Usb _ -> inventory.functions();
        };
    return new Inventory(
        inventory.iommu(),
        functions,
        inventory.usbDevices(),
        inventory.names(),
        inventory.unreadable());
  }

  /// A card makes all of its virtual functions at once.
  private static List<PciFunction> withVirtualFunctions(
      Inventory inventory, Source.VirtualFunction taken) {
    var parent = inventory.function(taken.parent()).orElseThrow();
    var had = parent.physical();
    var functions = new ArrayList<PciFunction>();
    for (var function : inventory.functions()) {
      if (function.address().equals(taken.address())) {
        functions.add(onVfio(function));
      } else if (function.equals(parent) && had.now() == 0) {
        var all = new Physical(had.total(), had.total(), had.offset(), had.stride(), had.device());
        functions.add(with(parent, parent.driver(), all, parent.mdevTypes()));
      } else {
        functions.add(function);
      }
    }
    for (int i = 0; had.now() == 0 && i < had.total(); i++) {
      var address = parent.address().plus(had.offset() + i * had.stride());
      if (inventory.function(address).isEmpty()) {
        var made = virtualFunction(parent, address, NEW_GROUPS + address.routingId());
        functions.add(address.equals(taken.address()) ? onVfio(made) : made);
      }
    }
    return functions;
  }

  private static PciFunction virtualFunction(PciFunction parent, PciAddress address, int group) {
    return new PciFunction(
        address,
        parent.root(),
        parent.bridges(),
        parent.idsOfVirtualFunctions(),
        parent.classCode(),
        null,
        parent.numaNode(),
        parent.link(),
        group,
        List.of("flr"),
        4096,
        null,
        null,
        null,
        parent.address(),
        List.of(),
        Set.of(),
        false,
        0,
        null);
  }

  private static PciFunction onVfio(PciFunction function) {
    return with(function, "vfio-pci", function.physical(), function.mdevTypes());
  }

  /// It leaves one place less to its own type. To others it may leave none: of a type whose driver
  /// does not say how many there can be, that is then told anew.
  private static PciFunction withMediated(PciFunction parent, Source.Mediated taken) {
    var types =
        parent.mdevTypes().stream()
            .map(type -> type.id().equals(taken.type()) ? withInstance(type, taken.uuid()) : type)
            .toList();
    return parent.mdevTypes().stream()
            .anyMatch(type -> type.max() == null && !type.id().equals(taken.type()))
        ? parent
        : with(parent, parent.driver(), parent.physical(), types);
  }

  private static MdevType withInstance(MdevType type, String uuid) {
    return type.instances().contains(uuid)
        ? type
        : new MdevType(
            type.id(),
            type.name(),
            type.api(),
            type.available() - 1,
            type.max(),
            Stream.concat(type.instances().stream(), Stream.of(uuid)).toList());
  }

  private static PciFunction with(
      PciFunction function, String driver, Physical physical, List<MdevType> types) {
    return new PciFunction(
        function.address(),
        function.root(),
        function.bridges(),
        function.ids(),
        function.classCode(),
        driver,
        function.numaNode(),
        function.link(),
        function.iommuGroup(),
        function.resets(),
        function.largestBar(),
        function.resizableBar(),
        function.vram(),
        physical,
        function.parent(),
        types,
        function.interfaces(),
        function.bootVga(),
        function.fatalErrors(),
        function.failedReset());
  }
}
