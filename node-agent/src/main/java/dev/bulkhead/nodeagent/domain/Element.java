package dev.bulkhead.nodeagent.domain;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One XML element as a value: a name, attributes in order, then either text or children. It
/// decides nothing about escaping; that is `XmlSerializer`'s.
///
/// @param namespace of this element and all that are in it, null for the one around it
/// @param text null when there is none
record Element(
    String name,
    String namespace,
    Map<String, String> attributes,
    String text,
    List<Element> children) {

  static Element of(String name, Element... children) {
    return new Element(name, null, Map.of(), null, List.of(children));
  }

  static Element text(String name, String text) {
    return new Element(name, null, Map.of(), text, List.of());
  }

  Element in(String newNamespace) {
    return new Element(name, newNamespace, attributes, text, children);
  }

  /// A null value means no attribute.
  Element with(String attribute, Object value) {
    if (value == null) {
      return this;
    }
    var more = new LinkedHashMap<>(attributes);
    more.put(attribute, value.toString());
    return new Element(name, namespace, more, text, children);
  }

  Element add(Element... more) {
    return add(List.of(more));
  }

  Element add(List<Element> more) {
    var all = new ArrayList<>(children);
    all.addAll(more);
    return new Element(name, namespace, attributes, text, List.copyOf(all));
  }
}
