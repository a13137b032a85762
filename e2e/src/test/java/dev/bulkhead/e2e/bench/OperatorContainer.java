package dev.bulkhead.e2e.bench;

import io.fabric8.kubernetes.api.model.Quantity;
import java.util.ArrayList;
import java.util.List;

/// The operator's image with the memory limit that the chart gives it, run by this machine's Docker
/// against a bare cluster.
final class OperatorContainer {
  private static final String IMAGE = "localhost/bulkhead/operator:0.1.0";

  static Container start(BareCluster cluster, String name) {
    var options = new ArrayList<>(List.of("--network", "host"));
    options.addAll(List.of("--memory", Long.toString(memoryLimit(cluster))));
    cluster
        .environmentAs("bulkhead-operator")
        .forEach((key, value) -> options.addAll(List.of("-e", key + "=" + value)));
    options.addAll(List.of("-e", "POD_NAME=" + name));
    options.addAll(List.of("-e", "POD_NAMESPACE=" + BareCluster.RELEASE_NAMESPACE));
    options.addAll(List.of("-e", "QUARKUS_MANAGEMENT_PORT=0", IMAGE));
    return new Container(name, options);
  }

  private static long memoryLimit(BareCluster cluster) {
    String limit =
        cluster
            .chartObject("Deployment", "-operator")
            .get("spec", "template", "spec", "containers", 0, "resources", "limits", "memory");
    return Quantity.getAmountInBytes(new Quantity(limit)).longValueExact();
  }

  private OperatorContainer() {}
}
