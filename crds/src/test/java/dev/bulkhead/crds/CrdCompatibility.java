package dev.bulkhead.crds;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Tells whether objects that an older schema allowed are still allowed by a newer one, and still
/// mean the same. Compares two `openAPIV3Schema` trees; knows nothing of files or releases.
final class CrdCompatibility {
  private final List<String> breaks = new ArrayList<>();

  private CrdCompatibility() {}

  /// Each as `path: what would break`; empty when the newer schema is compatible.
  static List<String> breaks(JsonNode older, JsonNode newer) {
    var comparison = new CrdCompatibility();
    comparison.compare("", older, newer);
    return List.copyOf(comparison.breaks);
  }

  private void compare(String path, JsonNode older, JsonNode newer) {
    same(path, "type", older, newer);
    same(path, "default", older, newer);
    same(path, "x-kubernetes-list-type", older, newer);
    same(path, "x-kubernetes-list-map-keys", older, newer);
    narrowerEnum(path, older, newer);
    lowerLimit(path, "maximum", older, newer);
    lowerLimit(path, "maxLength", older, newer);
    lowerLimit(path, "maxItems", older, newer);
    higherLimit(path, "minimum", older, newer);
    higherLimit(path, "minLength", older, newer);
    higherLimit(path, "minItems", older, newer);
    changedPattern(path, older, newer);
    newlyRequired(path, older, newer);
    newRule(path, older, newer);
    older
        .path("properties")
        .propertyStream()
        .forEach(property -> field(path, property.getKey(), property.getValue(), newer));
    newer
        .path("properties")
        .propertyStream()
        .filter(property -> !older.path("properties").has(property.getKey()))
        .forEach(property -> newField(path, property.getKey(), property.getValue()));
    if (older.has("items")) {
      compare(path + "[]", older.get("items"), newer.path("items"));
    }
    if (older.path("additionalProperties").isObject()) {
      compare(path + ".*", older.get("additionalProperties"), newer.path("additionalProperties"));
    }
  }

  private void field(String path, String name, JsonNode older, JsonNode newerParent) {
    var fieldPath = path.isEmpty() ? name : path + "." + name;
    var newer = newerParent.path("properties").get(name);
    if (newer == null) {
      breaks.add(fieldPath + ": removed");
    } else {
      compare(fieldPath, older, newer);
    }
  }

  /// The API server would fill a default in for VMs that run already, and each of them would say
  /// that it has to be restarted for it.
  private void newField(String path, String name, JsonNode newer) {
    if (newer.has("default")) {
      breaks.add((path.isEmpty() ? name : path + "." + name) + ": new and has a default");
    }
  }

  private void same(String path, String keyword, JsonNode older, JsonNode newer) {
    if (!older.path(keyword).equals(newer.path(keyword))) {
      changed(path, keyword, older, newer);
    }
  }

  private void narrowerEnum(String path, JsonNode older, JsonNode newer) {
    var allowed = texts(newer.path("enum"));
    if (allowed.isEmpty()) {
      return;
    }
    if (!older.has("enum")) {
      breaks.add(path + ": allows only " + allowed + " now");
    }
    var gone = new TreeSet<>(texts(older.path("enum")));
    gone.removeAll(allowed);
    if (!gone.isEmpty()) {
      breaks.add(path + ": no longer allows " + gone);
    }
  }

  private void lowerLimit(String path, String keyword, JsonNode older, JsonNode newer) {
    var unlimited = !older.has(keyword);
    if (newer.has(keyword)
        && (unlimited || newer.get(keyword).asDouble() < older.get(keyword).asDouble())) {
      changed(path, keyword, older, newer);
    }
  }

  private void higherLimit(String path, String keyword, JsonNode older, JsonNode newer) {
    var unlimited = !older.has(keyword);
    if (newer.has(keyword)
        && (unlimited || newer.get(keyword).asDouble() > older.get(keyword).asDouble())) {
      changed(path, keyword, older, newer);
    }
  }

  /// Whether a pattern allows more than another cannot be told, so every new one counts.
  private void changedPattern(String path, JsonNode older, JsonNode newer) {
    if (newer.has("pattern") && !newer.get("pattern").equals(older.path("pattern"))) {
      changed(path, "pattern", older, newer);
    }
  }

  private void newlyRequired(String path, JsonNode older, JsonNode newer) {
    var required = new TreeSet<>(texts(newer.path("required")));
    required.removeAll(texts(older.path("required")));
    if (!required.isEmpty()) {
      breaks.add(path + ": now requires " + required);
    }
  }

  private void newRule(String path, JsonNode older, JsonNode newer) {
    var before = rules(older);
    rules(newer).stream()
        .filter(rule -> !before.contains(rule))
        .forEach(rule -> breaks.add(path + ": new rule " + rule));
  }

  private void changed(String path, String keyword, JsonNode older, JsonNode newer) {
    breaks.add(path + ": " + keyword + " " + show(older, keyword) + " -> " + show(newer, keyword));
  }

  private static String show(JsonNode schema, String keyword) {
    return schema.has(keyword) ? schema.get(keyword).toString() : "(none)";
  }

  private static Set<String> rules(JsonNode schema) {
    var rules = new TreeSet<String>();
    schema.path("x-kubernetes-validations").forEach(rule -> rules.add(rule.get("rule").asText()));
    return rules;
  }

  private static Set<String> texts(JsonNode list) {
    var texts = new TreeSet<String>();
    list.forEach(entry -> texts.add(entry.asText()));
    return texts;
  }
}
