package dev.bulkhead.operator.virtualmachine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bulkhead.crds.VirtualMachine;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// The part of a VM that its pod was made from and that only a new pod can change: its labels, and
/// its spec without power and restartPolicy. Tells two of them apart in the words of the manifest.
record MadeFrom(JsonNode tree) {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();

  private static final String DEVICES = "devices";

  /// Longer values (user data, kernel arguments) are cut in a message.
  private static final int SHOWN_CHARACTERS = 60;

  /// Fields that hold a quantity. A label or a node selector may have such a name too.
  private static final Pattern SIZE =
      Pattern.compile(
          "spec\\.memory\\.size|spec\\.disks\\[[^]]*]\\.empty\\.size"
              + "|spec\\.(disks|interfaces)\\[[^]]*]\\.limits\\.bandwidth");

  static MadeFrom of(VirtualMachine vm) {
    var tree = JSON.createObjectNode();
    var labels = vm.getMetadata().getLabels();
    if (labels != null && !labels.isEmpty()) {
      tree.putObject("metadata").set("labels", JSON.valueToTree(labels));
    }
    ObjectNode spec = JSON.valueToTree(vm.getSpec());
    spec.remove(List.of("power", "restartPolicy"));
    tree.set("spec", spec);
    return parse(tree.toString()); // a number's node type depends on where it came from
  }

  static MadeFrom parse(String json) {
    try {
      return new MadeFrom(JSON.readTree(json));
    } catch (JsonProcessingException e) {
      return new MadeFrom(MissingNode.getInstance());
    }
  }

  String toJson() {
    return tree.toString();
  }

  /// As `differencesTo`, without devices that came or went: a guest that runs is given them, and
  /// lets go of them.
  List<String> lastingDifferencesTo(MadeFrom wanted) {
    var both = deviceNames(tree);
    both.retainAll(deviceNames(wanted.tree));
    return withDevices(both).differencesTo(wanted.withDevices(both));
  }

  private static Set<String> deviceNames(JsonNode tree) {
    return new HashSet<>(byName(tree.path("spec").path(DEVICES)).keySet());
  }

  private MadeFrom withDevices(Set<String> names) {
    if (!(tree.path("spec").path(DEVICES) instanceof ArrayNode devices)) {
      return this;
    }
    JsonNode copy = tree.deepCopy();
    var spec = (ObjectNode) copy.path("spec");
    var kept = spec.putArray(DEVICES);
    devices
        .valueStream()
        .filter(device -> names.contains(device.path("name").asText()))
        .forEach(kept::add);
    if (kept.isEmpty()) {
      spec.remove(DEVICES);
    }
    return new MadeFrom(copy);
  }

  /// Each as `path: old -> new`; empty when a pod made from `wanted` would be the same.
  List<String> differencesTo(MadeFrom wanted) {
    var differences = new ArrayList<String>();
    compare("", tree, wanted.tree, differences);
    return List.copyOf(differences);
  }

  private static void compare(String path, JsonNode old, JsonNode wanted, List<String> into) {
    if (old.isObject() && wanted.isObject()) {
      compareMembers(path, members(old), members(wanted), into);
    } else if (isNamedList(old) && isNamedList(wanted)) {
      compareNamed(path, old, wanted, into);
    } else if (!same(path, old, wanted)) {
      into.add(path + ": " + show(old) + " -> " + show(wanted));
    }
  }

  private static void compareMembers(
      String path, Map<String, JsonNode> old, Map<String, JsonNode> wanted, List<String> into) {
    var names = new TreeSet<>(old.keySet());
    names.addAll(wanted.keySet());
    for (var name : names) {
      compare(
          path.isEmpty() ? name : path + "." + name,
          old.getOrDefault(name, MissingNode.getInstance()),
          wanted.getOrDefault(name, MissingNode.getInstance()),
          into);
    }
  }

  /// Entries are told apart by name; their order is compared too, for it is the boot order.
  private static void compareNamed(String path, JsonNode old, JsonNode wanted, List<String> into) {
    var before = byName(old);
    var after = byName(wanted);
    var names = new TreeSet<>(before.keySet());
    names.addAll(after.keySet());
    for (var name : names) {
      compare(
          path + "[" + name + "]",
          before.getOrDefault(name, MissingNode.getInstance()),
          after.getOrDefault(name, MissingNode.getInstance()),
          into);
    }
    var order = List.copyOf(before.keySet());
    var newOrder = List.copyOf(after.keySet());
    if (!order.equals(newOrder) && before.keySet().equals(after.keySet())) {
      into.add(path + ": order " + order + " -> " + newOrder);
    }
  }

  private static boolean isNamedList(JsonNode node) {
    return node.isArray()
        && !node.isEmpty()
        && node.valueStream().allMatch(entry -> entry.hasNonNull("name"));
  }

  private static Map<String, JsonNode> byName(JsonNode list) {
    var entries = new LinkedHashMap<String, JsonNode>();
    list.forEach(entry -> entries.put(entry.path("name").asText(), entry));
    return entries;
  }

  private static Map<String, JsonNode> members(JsonNode object) {
    var members = new LinkedHashMap<String, JsonNode>();
    object.propertyStream().forEach(member -> members.put(member.getKey(), member.getValue()));
    return members;
  }

  private static boolean same(String path, JsonNode old, JsonNode wanted) {
    return old.equals(wanted)
        || (SIZE.matcher(path).matches()
            && old.isTextual()
            && wanted.isTextual()
            && sameQuantity(old.asText(), wanted.asText()));
  }

  private static boolean sameQuantity(String old, String wanted) {
    try {
      return new Quantity(old).equals(new Quantity(wanted));
    } catch (IllegalArgumentException noQuantity) {
      return false;
    }
  }

  private static String show(JsonNode node) {
    if (node.isMissingNode()) {
      return "(none)";
    }
    var text = node.isTextual() ? node.asText() : node.toString();
    return text.length() <= SHOWN_CHARACTERS ? text : text.substring(0, SHOWN_CHARACTERS) + "…";
  }
}
