package dev.bulkhead.nodeagent.device.publish;

import dev.bulkhead.crds.Contract;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// Says on the node what became of its devices, for `kubectl describe node`. It writes only what is
/// new.
public final class DeviceReports {
  /// Not that of the agent's other conditions, which an apply without them would take away.
  private static final PatchContext APPLY =
      new PatchContext.Builder()
          .withPatchType(PatchType.SERVER_SIDE_APPLY)
          .withFieldManager(Contract.AGENT_FIELD_MANAGER + "-devices")
          .withForce(false)
          .build();

  private final KubernetesClient client;
  private final String node;
  private final InstantSource clock;
  /// Null before anything was.
  private Optional<DeviceStatus> said;

  public DeviceReports(KubernetesClient client, String node, InstantSource clock) {
    this.client = client;
    this.node = node;
    this.clock = clock;
  }

  /// Says this from now on.
  ///
  /// @param status null for nothing
  public void publish(DeviceStatus status) {
    if (Optional.ofNullable(status).equals(said)) {
      return;
    }
    write(status);
    said = Optional.ofNullable(status);
  }

  private void write(DeviceStatus status) {
    var old =
        client.nodes().withName(node).require().getStatus().getConditions().stream()
            .filter(condition -> condition.getType().equals(Contract.DEVICES_CONDITION))
            .findFirst();
    if (status == null ? old.isEmpty() : old.filter(now -> same(now, status)).isPresent()) {
      return;
    }
    var intent =
        new NodeBuilder()
            .withNewMetadata()
            .withName(node)
            .endMetadata()
            .withNewStatus()
            .withConditions(status == null ? List.of() : List.of(condition(status)))
            .endStatus()
            .build();
    client.nodes().resource(intent).subresource("status").patch(APPLY);
  }

  private static boolean same(NodeCondition old, DeviceStatus status) {
    return old.getStatus().equals(word(status))
        && Objects.equals(old.getMessage(), status.message());
  }

  private static String word(DeviceStatus status) {
    return status.gives() ? "True" : "False";
  }

  private NodeCondition condition(DeviceStatus status) {
    var now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
    return new NodeConditionBuilder()
        .withType(Contract.DEVICES_CONDITION)
        .withStatus(word(status))
        .withReason(status.gives() ? "Given" : "NoneToGive")
        .withMessage(status.message())
        .withLastTransitionTime(now)
        .withLastHeartbeatTime(now)
        .build();
  }
}
