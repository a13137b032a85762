package dev.bulkhead.crds;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CrdCompatibilityTest {
  /// The CRD of the last release. A release replaces it; nothing else does.
  private static final Path RELEASED =
      Path.of("src/test/resources/released/virtualmachines-v1alpha1.yaml");

  private static final String SCHEMA =
      """
      type: object
      required: [cores]
      properties:
        cores: {type: integer, minimum: 1, maximum: 255}
        name: {type: string, maxLength: 20, pattern: "^a$"}
        power: {type: string, default: Up, enum: [Down, Up]}
        free: {type: string}
        disks:
          type: array
          maxItems: 32
          x-kubernetes-list-type: map
          items:
            type: object
            properties: {size: {type: string}}
            x-kubernetes-validations: [{rule: "has(self.size)"}]
        labels: {type: object, additionalProperties: {type: string}}
      """;

  @Test
  void vmsOfTheLastReleaseAreStillValid() throws IOException {
    var older = schemaOf(Files.readString(RELEASED));
    assertThat(CrdCompatibility.breaks(older, schemaOf(ChartCrd.render())))
        .as(
            "VMs that users have would be refused or change their meaning. Keep the field as it"
                + " is and add another, or make a new version of the API")
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "free: {type: string}  | ''                             | free: removed",
        "type: integer         | type: string                   | cores: type \"integer\" -> \"string\"",
        "[Down, Up]            | [Up]                           | power: no longer allows [Down]",
        "free: {type: string}  | 'free: {type: string, enum: [a]}' | free: allows only [a] now",
        "maximum: 255          | maximum: 64                    | cores: maximum 255 -> 64",
        "minimum: 1            | minimum: 2                     | cores: minimum 1 -> 2",
        "maxItems: 32          | maxItems: 8                    | disks: maxItems 32 -> 8",
        "free: {type: string}  | 'free: {type: string, maxLength: 9}' | free: maxLength (none) -> 9",
        "^a$                   | ^b$                            | name: pattern \"^a$\" -> \"^b$\"",
        "default: Up           | default: Down                  | power: default \"Up\" -> \"Down\"",
        "'cores: {'            | 'more: {type: string, default: a}\n  cores: {' | more: new and has a default",
        "[cores]               | '[cores, free]'                | : now requires [free]",
        "list-type: map        | list-type: atomic              | disks: x-kubernetes-list-type \"map\" -> \"atomic\"",
        "'{size: {type: string}}' | '{}'                        | disks[].size: removed",
        "has(self.size)        | self.size != ''                | disks[]: new rule self.size != ''",
        "'additionalProperties: {type: string}' | 'additionalProperties: {type: integer}' | labels.*: type \"string\" -> \"integer\"",
      })
  void whatTakesSomethingAwayIsABreak(String old, String replacement, String expected)
      throws JsonProcessingException {
    assertThat(CrdCompatibility.breaks(yaml(SCHEMA), yaml(SCHEMA.replace(old, replacement))))
        .containsExactly(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "free: {type: string} | 'free: {type: string, description: x}'",
        "'cores: {'           | 'more: {type: string}\n  cores: {'",
        "[Down, Up]           | '[Down, Up, Paused]'",
        "maximum: 255         | maximum: 256",
        "minimum: 1           | minimum: 0",
        "maxItems: 32         | maxItems: 64",
        "', pattern: \"^a$\"' | ''",
        "required: [cores]    | required: []",
      })
  void whatOnlyAddsIsNoBreak(String old, String replacement) throws JsonProcessingException {
    assertThat(CrdCompatibility.breaks(yaml(SCHEMA), yaml(SCHEMA.replace(old, replacement))))
        .isEmpty();
  }

  private static JsonNode schemaOf(String crd) throws JsonProcessingException {
    return yaml(crd).at("/spec/versions/0/schema/openAPIV3Schema");
  }

  private static JsonNode yaml(String text) throws JsonProcessingException {
    return ChartCrd.YAML.readTree(text);
  }
}
