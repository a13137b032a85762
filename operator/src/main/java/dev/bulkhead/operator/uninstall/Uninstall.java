package dev.bulkhead.operator.uninstall;

import dev.bulkhead.crds.Contract;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.PrintStream;

/// What `helm uninstall` does first, as a hook of the chart: it refuses while guests are there, or
/// pods that have devices of nodes, for nobody would look after them, and else takes from the nodes
/// what agents have written on them.
public final class Uninstall {
  private static final PatchContext STRATEGIC =
      new PatchContext.Builder().withPatchType(PatchType.STRATEGIC_MERGE).build();

  private Uninstall() {}

  /// Says on `out` why it refuses.
  ///
  /// @param wayBack the command after which a refused uninstall was never asked for
  /// @return the exit code, not 0 when it refuses
  public static int run(KubernetesClient client, String wayBack, PrintStream out) {
    try {
      return refuseOrForget(client, wayBack, out);
    } catch (KubernetesClientException e) {
      out.println(
          "Bulkhead is not uninstalled, for the API server could not be asked: " + e.getMessage());
      return 1;
    }
  }

  private static int refuseOrForget(KubernetesClient client, String wayBack, PrintStream out) {
    var pods = client.pods().inAnyNamespace().withLabel(Contract.VM_LABEL).list().getItems();
    var claims = client.resources(ResourceClaim.class).inAnyNamespace().list().getItems();
    var refusal = Refusal.of(pods, wayBack).or(() -> Refusal.ofClaims(claims, wayBack));
    if (refusal.isPresent()) {
      out.println(refusal.get());
      return 1;
    }
    client.nodes().withLabel(Contract.ACCELERATOR_LABEL).list().getItems().stream()
        .map(Node::getMetadata)
        .forEach(node -> forget(client, node.getName()));
    out.println("no guest is left; Bulkhead may go. VirtualMachines and their kind stay");
    return 0;
  }

  private static void forget(KubernetesClient client, String node) {
    client
        .nodes()
        .withName(node)
        .patch(
            STRATEGIC,
            "{\"metadata\":{\"labels\":{\"%s\":null}}}".formatted(Contract.ACCELERATOR_LABEL));
    client
        .nodes()
        .withName(node)
        .subresource("status")
        .patch(
            STRATEGIC,
            """
            {"status":{"conditions":[{"type":"%s","$patch":"delete"},{"type":"%s","$patch":"delete"}]}}
            """
                .formatted(Contract.EMULATION_CONDITION, Contract.DEVICES_CONDITION));
  }
}
