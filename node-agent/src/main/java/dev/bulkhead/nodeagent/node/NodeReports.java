package dev.bulkhead.nodeagent.node;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.nodeagent.domain.Accelerator;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Objects;

/// Says on the node what its guests run with: a label for schedulers, a condition for people. It
/// writes only what is new.
public final class NodeReports {
  private static final PatchContext APPLY =
      new PatchContext.Builder()
          .withPatchType(PatchType.SERVER_SIDE_APPLY)
          .withFieldManager(Contract.AGENT_FIELD_MANAGER)
          .withForce(false)
          .build();

  private final KubernetesClient client;
  private final String node;
  private final InstantSource clock;

  public NodeReports(KubernetesClient client, String node, InstantSource clock) {
    this.client = client;
    this.node = node;
    this.clock = clock;
  }

  public void publish(NodeAccelerator accelerator) {
    var now = client.nodes().withName(node).require();
    var label =
        accelerator instanceof NodeAccelerator.Available available
            ? available.accelerator().name().toLowerCase(Locale.ROOT)
            : null;
    if (!Objects.equals(now.getMetadata().getLabels().get(Contract.ACCELERATOR_LABEL), label)) {
      client.nodes().resource(labelled(label)).patch(APPLY);
    }
    var condition = condition(accelerator);
    if (now.getStatus().getConditions().stream().noneMatch(old -> same(old, condition))) {
      var intent =
          new NodeBuilder()
              .withNewMetadata()
              .withName(node)
              .endMetadata()
              .withNewStatus()
              .withConditions(condition)
              .endStatus()
              .build();
      client.nodes().resource(intent).subresource("status").patch(APPLY);
    }
  }

  /// Without the label where there is nothing to say.
  private Node labelled(String label) {
    var metadata = new NodeBuilder().withNewMetadata().withName(node);
    return (label == null ? metadata : metadata.addToLabels(Contract.ACCELERATOR_LABEL, label))
        .endMetadata()
        .build();
  }

  private static boolean same(NodeCondition old, NodeCondition condition) {
    return old.getType().equals(condition.getType())
        && old.getStatus().equals(condition.getStatus())
        && Objects.equals(old.getMessage(), condition.getMessage());
  }

  private NodeCondition condition(NodeAccelerator accelerator) {
    var condition = new NodeConditionBuilder().withType(Contract.EMULATION_CONDITION);
    var filled =
        switch (accelerator) {
          case NodeAccelerator.Available(Accelerator a) when a == Accelerator.KVM ->
              condition
                  .withStatus("False")
                  .withReason("KVM")
                  .withMessage("guests run in hardware, through KVM");
          case NodeAccelerator.Available _ ->
              condition
                  .withStatus("True")
                  .withReason("NoUsableKVM")
                  .withMessage(
                      "KVM cannot run guests here, so QEMU translates their instructions (TCG),"
                          + " which is slow; on a virtual machine, enable nested virtualisation");
          case NodeAccelerator.None none ->
              condition.withStatus("False").withReason("NoUsableKVM").withMessage(none.message());
          case NodeAccelerator.Unknown _ ->
              condition
                  .withStatus("Unknown")
                  .withReason("Probing")
                  .withMessage("still being tried");
        };
    var now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
    return filled.withLastTransitionTime(now).withLastHeartbeatTime(now).build();
  }
}
