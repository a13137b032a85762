package dev.bulkhead.crds;

/// JSON merge patches on generated schemas, for what the generator has no annotation.
final class Schemas {
  /// Lists whose entries are told apart by name: duplicates are refused, and two field managers can
  /// each own entries.
  static final String SPEC =
      """
      {"properties": {
        "disks": {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        "interfaces": {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}}}
      """;

  /// As Kubernetes' own conditions.
  static final String STATUS =
      """
      {"properties": {
        "conditions": {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}}}
      """;

  private Schemas() {}
}
