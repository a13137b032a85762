package dev.bulkhead.nodeagent.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.device.inventory.Inventory;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.offer.Giving;
import dev.bulkhead.nodeagent.device.offer.HostUse;
import dev.bulkhead.nodeagent.device.offer.Offer;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import dev.bulkhead.nodeagent.device.offer.OfferPlanner;
import dev.bulkhead.nodeagent.device.offer.Offered;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class OfferPlannerPropertyTest {

  @Provide
  Arbitrary<RandomHost> hosts() {
    return Arbitraries.longs().map(RandomHost::of);
  }

  @Property
  void neverOffersWhatTheHostUses(@ForAll("hosts") RandomHost host) {
    var given = new HashSet<PciAddress>();
    host.plan().offers().forEach(offer -> given.addAll(addresses(offer)));

    assertThat(host.use().functions().keySet()).noneMatch(given::contains);
    assertThat(usbPorts(host.plan())).noneMatch(host.use().usb()::containsKey);
  }

  /// Not alone, nor with its controller.
  @Property
  void neverOffersAControllerWithAUsbDeviceThatTheHostUses(@ForAll("hosts") RandomHost host) {
    var kept = new HashSet<PciAddress>();
    host.inventory().usbDevices().stream()
        .filter(device -> host.use().usb().containsKey(device.port()))
        .forEach(device -> kept.add(device.controller()));

    host.plan().offers().forEach(offer -> assertThat(addresses(offer)).noneMatch(kept::contains));
  }

  @Property
  void neverSplitsAGroup(@ForAll("hosts") RandomHost host) {
    var groups = new HashMap<Integer, TreeSet<PciAddress>>();
    for (var function : host.inventory().functions()) {
      if (!function.isBridge() && function.iommuGroup() != null) {
        groups.computeIfAbsent(function.iommuGroup(), _ -> new TreeSet<>()).add(function.address());
      }
    }
    for (var offer : host.plan().offers()) {
      if (offer.source() instanceof Source.Group(var functions)) {
        assertThat(groups.values()).contains(new TreeSet<>(functions));
      } else if (offer.source() instanceof Source.VirtualFunction vf) {
        host.inventory()
            .function(vf.address())
            .ifPresent(
                existing ->
                    assertThat(groups.get(existing.iommuGroup())).containsExactly(vf.address()));
      }
    }
  }

  @Property
  void offersNothingOfAGroupOfWhichItDoesNotKnowAll(@ForAll("hosts") RandomHost host) {
    var dark = new HashSet<Integer>();
    host.inventory().unreadable().values().forEach(function -> dark.add(function.iommuGroup()));
    for (var offer : host.plan().offers()) {
      for (var address : addresses(offer)) {
        host.inventory()
            .function(address)
            .ifPresent(function -> assertThat(dark).doesNotContain(function.iommuGroup()));
      }
    }
  }

  /// No two offers can both be had that have a function in common, or one of which is made by the
  /// other's.
  @Property
  void offersNothingTwice(@ForAll("hosts") RandomHost host) {
    var offered = host.plan();
    for (var one : offered.offers()) {
      for (var other : offered.offers()) {
        if (!one.equals(other) && touch(host, one, other)) {
          assertThat(exhaust(offered, one, other)).as("%s and %s", one, other).isTrue();
        }
      }
    }
  }

  private static boolean touch(RandomHost host, Offer one, Offer other) {
    if (!Collections.disjoint(addresses(one), addresses(other))) {
      return true;
    }
    return one.source() instanceof Source.Group(var functions)
        && switch (other.source()) {
          case Source.VirtualFunction vf -> functions.contains(vf.parent());
          case Source.Mediated mdev -> functions.contains(mdev.parent());
          case Source.Usb(var port) ->
              host.inventory().usbDevices().stream()
                  .anyMatch(d -> d.port().equals(port) && functions.contains(d.controller()));
          case Source.Group _ -> false;
        };
  }

  private static boolean exhaust(Offered offered, Offer one, Offer other) {
    var left = new HashMap<String, Long>();
    offered
        .counters()
        .forEach(
            (set, counters) ->
                counters.forEach((counter, value) -> left.put(set + "/" + counter, value)));
    for (var offer : List.of(one, other)) {
      for (var draw : offer.draws()) {
        draw.counters()
            .forEach(
                (counter, much) ->
                    left.computeIfPresent(draw.set() + "/" + counter, (_, had) -> had - much));
      }
    }
    return left.values().stream().anyMatch(value -> value < 0);
  }

  @Property
  void everyDrawIsOnACounterThatIsThere(@ForAll("hosts") RandomHost host) {
    var offered = host.plan();
    for (var offer : offered.offers()) {
      for (var draw : offer.draws()) {
        assertThat(offered.counters()).containsKey(draw.set());
        assertThat(offered.counters().get(draw.set()).keySet())
            .containsAll(draw.counters().keySet());
      }
    }
  }

  /// resource.k8s.io/v1 allows no more.
  @Property
  void staysWithinWhatKubernetesTakes(@ForAll("hosts") RandomHost host) {
    var names = new HashSet<String>();
    for (var offer : host.plan().offers()) {
      assertThat(offer.name()).matches("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
      assertThat(names.add(offer.name())).as("%s is there once", offer.name()).isTrue();
      assertThat(offer.attributes().size() + offer.capacity().size()).isLessThanOrEqualTo(32);
      assertThat(offer.draws()).hasSizeLessThanOrEqualTo(2);
    }
    host.plan()
        .counters()
        .forEach(
            (name, set) -> {
              assertThat(name).matches("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
              assertThat(set).hasSizeLessThanOrEqualTo(32);
            });
  }

  @Property
  void saysTheSameInWhateverOrderItSeesThings(@ForAll("hosts") RandomHost host) {
    var functions = new ArrayList<>(host.inventory().functions());
    Collections.shuffle(functions, new Random(host.seed()));
    var usb = new ArrayList<>(host.inventory().usbDevices());
    Collections.shuffle(usb, new Random(host.seed()));
    var shuffled =
        new Inventory(
            host.inventory().iommu(),
            functions,
            usb,
            host.inventory().names(),
            host.inventory().unreadable());

    assertThat(OfferPlanner.plan(shuffled, host.use(), host.giving())).isEqualTo(host.plan());
  }

  /// Either offered, alone or in a group, or said to be kept and why.
  @Property
  void everyFunctionIsAccountedFor(@ForAll("hosts") RandomHost host) {
    var offered = host.plan();
    var accounted = new HashSet<String>();
    offered.offers().forEach(offer -> addresses(offer).forEach(a -> accounted.add(a.toString())));
    offered.withheld().forEach(kept -> accounted.add(kept.what()));

    if (host.inventory().iommu() == Inventory.Iommu.ON) {
      assertThat(accounted)
          .containsAll(
              host.inventory().functions().stream()
                  .filter(function -> !function.isBridge() && function.iommuGroup() != null)
                  .filter(function -> function.parent() == null)
                  .map(function -> function.address().toString())
                  .toList());
    }
  }

  private static List<PciAddress> addresses(Offer offer) {
    return switch (offer.source()) {
      case Source.Group(var functions) -> functions;
      case Source.VirtualFunction vf -> List.of(vf.address());
      case Source.Mediated _, Source.Usb _ -> List.of();
    };
  }

  private static List<String> usbPorts(Offered offered) {
    return offered.offers().stream()
        .filter(offer -> offer.source() instanceof Source.Usb)
        .map(offer -> ((Source.Usb) offer.source()).port())
        .toList();
  }

  /// A host by lot: a few cards of several functions behind bridges, in groups that do or do not
  /// follow them, some with virtual functions or mediated devices.
  record RandomHost(long seed, Inventory inventory, HostUse use, Giving giving) {
    static RandomHost of(long seed) {
      return new RandomHosts(seed).host();
    }

    Offered plan() {
      return OfferPlanner.plan(inventory, use, giving);
    }
  }
}
