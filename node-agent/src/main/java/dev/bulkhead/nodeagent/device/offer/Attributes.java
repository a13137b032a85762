package dev.bulkhead.nodeagent.device.offer;

import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.inventory.PciFunction;
import dev.bulkhead.nodeagent.device.inventory.PciFunction.MdevType;
import dev.bulkhead.nodeagent.device.inventory.PciIds;
import dev.bulkhead.nodeagent.device.inventory.ResizableBar;
import dev.bulkhead.nodeagent.device.inventory.UsbDevice;
import dev.bulkhead.nodeagent.device.offer.Offer.Value;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/// What claims can select on, in CEL as `device.attributes["bulkhead.dev"].vendor`; names with a
/// slash are Kubernetes' own (k8s.io/dynamic-resource-allocation, deviceattribute). What is not
/// known is left out. All that a user may want to ask goes here, nothing that changes by itself.
final class Attributes {
  /// resource.k8s.io/v1, DeviceAttribute.
  private static final int LONGEST = 64;

  private final SortedMap<String, Value> values = new TreeMap<>();

  private Attributes() {}

  static SortedMap<String, Value> of(PciFunction function, Kind kind, int size, PciIds names) {
    var attributes = new Attributes();
    attributes.common(function, function.ids(), kind, names);
    attributes.put("resource.kubernetes.io/pciBusID", function.address().toString());
    attributes.put("iommuGroup", function.iommuGroup());
    attributes.put("groupSize", size);
    attributes.put("subsystemVendor", function.ids().subsystemVendor());
    attributes.put("subsystemDevice", function.ids().subsystemDevice());
    attributes.put("class", "%06x".formatted(function.classCode()));
    attributes.values.put("resettable", new Value.Flag(!function.resets().isEmpty()));
    return attributes.values;
  }

  static SortedMap<String, Value> ofVirtualFunction(
      PciFunction parent, Kind kind, PciAddress address, PciIds names) {
    var attributes = new Attributes();
    attributes.common(parent, parent.idsOfVirtualFunctions(), kind, names);
    attributes.put("resource.kubernetes.io/pciBusID", address.toString());
    attributes.put("parent", parent.address().toString());
    parent.interfaces().stream()
        .findFirst()
        .ifPresent(name -> attributes.put("parentInterface", name));
    return attributes.values;
  }

  static SortedMap<String, Value> ofMediated(PciFunction parent, MdevType type, PciIds names) {
    var attributes = new Attributes();
    attributes.common(parent, parent.ids(), Kind.MDEV, names);
    attributes.put("parent", parent.address().toString());
    attributes.put("mdevType", type.id());
    attributes.put("mdevName", type.name());
    attributes.put("mdevApi", type.api());
    return attributes.values;
  }

  static SortedMap<String, Value> ofUsb(UsbDevice device) {
    var attributes = new Attributes();
    attributes.put("type", Kind.USB.word());
    attributes.put("vendor", device.vendor());
    attributes.put("product", device.product());
    attributes.put("vendorName", device.vendorName());
    attributes.put("productName", device.productName());
    attributes.put("serial", device.serial());
    attributes.put("port", device.port());
    return attributes.values;
  }

  /// @param function that stands for its group
  static SortedMap<String, Long> capacity(PciFunction function, List<PciFunction> group) {
    var capacity = new TreeMap<String, Long>();
    if (function.largestBar() > 0) {
      capacity.put("largestBar", function.largestBar());
    }
    group.stream()
        .map(PciFunction::resizableBar)
        .filter(Objects::nonNull)
        .mapToInt(ResizableBar::largest)
        .max()
        .ifPresent(size -> capacity.put("largestResizableBar", ResizableBar.bytes(size)));
    if (function.vram() != null) {
      capacity.put("vram", function.vram());
    }
    if (function.physical() != null) {
      capacity.put("virtualFunctions", (long) function.physical().total());
    }
    return capacity;
  }

  private void common(PciFunction function, PciFunction.Ids ids, Kind kind, PciIds names) {
    put("type", kind.word());
    put("vendor", ids.vendor());
    put("device", ids.device());
    put("vendorName", names.vendor(ids));
    put("deviceName", names.device(ids));
    put("resource.kubernetes.io/pcieRoot", function.root());
    put("resource.kubernetes.io/numaNode", function.numaNode());
    if (function.link() != null) {
      put("linkSpeedMTs", function.link().speed());
      put("linkWidth", function.link().width());
    }
  }

  private void put(String name, String text) {
    if (text != null && !text.isBlank()) {
      values.put(
          name,
          new Value.Text(text.length() > LONGEST ? text.substring(0, LONGEST).strip() : text));
    }
  }

  private void put(String name, Integer number) {
    if (number != null) {
      values.put(name, new Value.Whole(number));
    }
  }
}
