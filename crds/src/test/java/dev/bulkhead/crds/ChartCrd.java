package dev.bulkhead.crds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// The CRD as the chart installs it: what Fabric8 generates from the Java types, plus what its
/// annotations cannot say (list-map keys, order of the printer columns, a required spec, what the
/// whole is for). Decides nothing about fields: those are in the types alone.
final class ChartCrd {
  static final Path PATH = Path.of("../helm/bulkhead/templates/crds/virtualmachines.yaml");

  static final String COMMAND = "mvn -pl crds test -Dtest=ChartCrdTest -Dcrd.write=true";

  static final YAMLMapper YAML =
      YAMLMapper.builder()
          .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
          .disable(YAMLGenerator.Feature.SPLIT_LINES)
          .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
          .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
          .build();

  private static final Path GENERATED =
      Path.of("target/classes/META-INF/fabric8/virtualmachines.bulkhead.dev-v1.yml");

  private ChartCrd() {}

  static String render() {
    try {
      var crd = (ObjectNode) YAML.readTree(Files.readString(GENERATED));
      complete(crd);
      return "# Generated from the types in crds/ by: "
          + COMMAND
          + "\n"
          + YAML.writeValueAsString(crd).replace("{{", "{{ \"{{\" }}");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// CRDs are templates, not in `crds/`, so that `helm upgrade` upgrades them; `keep` so that
  /// `helm uninstall` does not delete every VM of the cluster with them.
  private static void complete(ObjectNode crd) {
    ((ObjectNode) crd.get("metadata"))
        .putObject("annotations")
        .put("helm.sh/resource-policy", "keep");
    var version = (ObjectNode) crd.at("/spec/versions/0");
    version.set("additionalPrinterColumns", columnsInDeclaredOrder(version));
    var schema = (ObjectNode) version.at("/schema/openAPIV3Schema");
    schema.putArray("required").add("spec");
    schema.put("description", "One machine: its guest runs as the process of a pod of its name.");
    ((ObjectNode) schema.at("/properties/spec")).put("description", "What the user asks for.");
    ((ObjectNode) schema.at("/properties/status"))
        .put("description", "What is the case; written by Bulkhead's operator alone.");
    listMap(schema, "/properties/spec/properties/disks", "name");
    listMap(schema, "/properties/spec/properties/interfaces", "name");
    listMap(schema, "/properties/status/properties/conditions", "type");
  }

  /// Two field managers may then each own an entry, and the API server refuses a duplicate key.
  private static void listMap(ObjectNode schema, String pointer, String key) {
    var list = (ObjectNode) schema.at(pointer);
    list.put("x-kubernetes-list-type", "map");
    list.putArray("x-kubernetes-list-map-keys").add(key);
    ((ObjectNode) list.get("items")).putArray("required").add(key);
  }

  private static ArrayNode columnsInDeclaredOrder(ObjectNode version) {
    List<JsonNode> generated = version.get("additionalPrinterColumns").valueStream().toList();
    var ordered = YAML.createArrayNode();
    Arrays.stream(VirtualMachine.class.getAnnotationsByType(AdditionalPrinterColumn.class))
        .map(AdditionalPrinterColumn::name)
        .map(
            name ->
                generated.stream()
                    .filter(column -> column.get("name").asText().equals(name))
                    .findFirst()
                    .orElseThrow())
        .forEach(ordered::add);
    return ordered;
  }
}
