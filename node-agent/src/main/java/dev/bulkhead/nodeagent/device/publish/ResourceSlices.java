package dev.bulkhead.nodeagent.device.publish;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.nodeagent.device.offer.Offer;
import dev.bulkhead.nodeagent.device.offer.Offer.Value;
import dev.bulkhead.nodeagent.device.offer.Offered;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.Counter;
import io.fabric8.kubernetes.api.model.resource.v1.CounterSet;
import io.fabric8.kubernetes.api.model.resource.v1.CounterSetBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAttribute;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAttributeBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceCapacity;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceCapacityBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceCounterConsumptionBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceSpec;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceSpecBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/// A node's offers as Kubernetes' scheduler wants to hear them: one pool, named as the node, in as
/// many slices as it takes.
public final class ResourceSlices {
  /// resource.k8s.io/v1: ResourceSliceMaxDevicesWithAdvancedFeatures, for devices that have taints
  /// or draw on counters.
  static final int DEVICES = 64;

  /// resource.k8s.io/v1: ResourceSliceMaxCounterSets.
  static final int COUNTER_SETS = 8;

  private static final String FAILED = Contract.DEVICE_DRIVER + "/failed";

  private ResourceSlices() {}

  /// The same for the same offers, but for the generation; none for no offers.
  ///
  /// @param owner the node, with which they go
  public static List<ResourceSlice> of(
      String node, OwnerReference owner, Offered offered, long generation) {
    var specs = new ArrayList<ResourceSliceSpecBuilder>();
    for (var sets : parts(List.copyOf(offered.counters().entrySet()), COUNTER_SETS)) {
      specs.add(
          new ResourceSliceSpecBuilder()
              .withSharedCounters(
                  sets.stream().map(set -> counterSet(set.getKey(), set.getValue())).toList()));
    }
    for (var devices : parts(offered.offers(), DEVICES)) {
      specs.add(
          new ResourceSliceSpecBuilder()
              .withDevices(devices.stream().map(ResourceSlices::device).toList()));
    }
    var slices = new ArrayList<ResourceSlice>();
    for (int i = 0; i < specs.size(); i++) {
      slices.add(slice(node, owner, i, inPool(specs.get(i), node, specs.size(), generation)));
    }
    return slices;
  }

  private static <T> List<List<T>> parts(List<T> all, int size) {
    var parts = new ArrayList<List<T>>();
    for (int from = 0; from < all.size(); from += size) {
      parts.add(all.subList(from, Math.min(all.size(), from + size)));
    }
    return parts;
  }

  private static ResourceSliceSpec inPool(
      ResourceSliceSpecBuilder spec, String node, int slices, long generation) {
    return spec.withDriver(Contract.DEVICE_DRIVER)
        .withNodeName(node)
        .withNewPool()
        .withName(node)
        .withGeneration(generation)
        .withResourceSliceCount((long) slices)
        .endPool()
        .build();
  }

  private static ResourceSlice slice(
      String node, OwnerReference owner, int number, ResourceSliceSpec spec) {
    return new ResourceSliceBuilder()
        .withNewMetadata()
        .withName("%s-%s-%d".formatted(node, Contract.DEVICE_DRIVER, number))
        .withOwnerReferences(owner)
        .endMetadata()
        .withSpec(spec)
        .build();
  }

  private static CounterSet counterSet(String name, SortedMap<String, Long> counters) {
    return new CounterSetBuilder().withName(name).withCounters(counters(counters)).build();
  }

  private static Map<String, Counter> counters(SortedMap<String, Long> counters) {
    var map = new LinkedHashMap<String, Counter>();
    counters.forEach((name, value) -> map.put(name, new Counter(quantity(value))));
    return map;
  }

  private static Device device(Offer offer) {
    var device =
        new DeviceBuilder()
            .withName(offer.name())
            .withAttributes(attributes(offer))
            .withCapacity(capacity(offer))
            .withConsumesCounters(
                offer.draws().stream()
                    .map(
                        draw ->
                            new DeviceCounterConsumptionBuilder()
                                .withCounterSet(draw.set())
                                .withCounters(counters(draw.counters()))
                                .build())
                    .toList());
    return (offer.fault() == null
            ? device
            : device.addNewTaint().withKey(FAILED).withEffect("NoSchedule").endTaint())
        .build();
  }

  private static Map<String, DeviceAttribute> attributes(Offer offer) {
    var map = new LinkedHashMap<String, DeviceAttribute>();
    offer.attributes().forEach((name, value) -> map.put(name, attribute(value)));
    return map;
  }

  private static DeviceAttribute attribute(Value value) {
    var attribute = new DeviceAttributeBuilder();
    return (switch (value) {
          case Value.Text(var text) -> attribute.withString(text);
          case Value.Whole(var number) -> attribute.withInt(number);
          case Value.Flag(var flag) -> attribute.withBool(flag);
        })
        .build();
  }

  private static Map<String, DeviceCapacity> capacity(Offer offer) {
    var map = new LinkedHashMap<String, DeviceCapacity>();
    offer
        .capacity()
        .forEach(
            (name, value) ->
                map.put(name, new DeviceCapacityBuilder().withValue(quantity(value)).build()));
    return map;
  }

  private static Quantity quantity(long value) {
    return new Quantity(String.valueOf(value));
  }
}
