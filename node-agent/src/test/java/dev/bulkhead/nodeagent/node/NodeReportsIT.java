package dev.bulkhead.nodeagent.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.nodeagent.apiserver.BareApiServer;
import dev.bulkhead.nodeagent.domain.Accelerator;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NodeReportsIT {
  private static final String NODE = "node-a";

  private final KubernetesClient client = BareApiServer.connect();
  private final NodeReports reports = new NodeReports(client, NODE, InstantSource.system());

  @BeforeEach
  void aNodeAsKubeletReportsIt() {
    var node =
        client
            .resource(
                new NodeBuilder()
                    .withNewMetadata()
                    .withName(NODE)
                    .addToLabels("zone", "z1")
                    .endMetadata()
                    .build())
            .create();
    client
        .resource(
            new NodeBuilder(node)
                .withNewStatus()
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build())
        .patchStatus();
  }

  @AfterEach
  void removeIt() {
    client.nodes().withName(NODE).delete();
    client.close();
  }

  @Test
  void saysWhatGuestsRunWithBesideWhatKubeletSays() {
    reports.publish(new NodeAccelerator.Available(Accelerator.TCG));

    assertThat(read().getMetadata().getLabels())
        .containsEntry(Contract.ACCELERATOR_LABEL, "tcg")
        .containsEntry("zone", "z1");
    assertThat(emulation().getStatus()).isEqualTo("True");
    assertThat(emulation().getMessage()).contains("nested virtualisation");
    assertThat(read().getStatus().getConditions()).hasSize(2);
  }

  @Test
  void writesOnlyWhatHasChanged() {
    reports.publish(new NodeAccelerator.Available(Accelerator.TCG));
    var before = read().getMetadata().getResourceVersion();
    reports.publish(new NodeAccelerator.Available(Accelerator.TCG));
    assertThat(read().getMetadata().getResourceVersion()).isEqualTo(before);

    reports.publish(new NodeAccelerator.Available(Accelerator.KVM));

    assertThat(read().getMetadata().getLabels()).containsEntry(Contract.ACCELERATOR_LABEL, "kvm");
    assertThat(emulation().getStatus()).isEqualTo("False");
  }

  @Test
  void takesTheLabelAwayWhereNoGuestCanRun() {
    reports.publish(new NodeAccelerator.Available(Accelerator.KVM));

    reports.publish(new NodeAccelerator.None("no KVM, and emulation is turned off"));

    assertThat(read().getMetadata().getLabels()).doesNotContainKey(Contract.ACCELERATOR_LABEL);
    assertThat(emulation().getMessage()).isEqualTo("no KVM, and emulation is turned off");
  }

  private Node read() {
    return client.nodes().withName(NODE).get();
  }

  private NodeCondition emulation() {
    return read().getStatus().getConditions().stream()
        .filter(condition -> condition.getType().equals(Contract.EMULATION_CONDITION))
        .findFirst()
        .orElseThrow();
  }
}
