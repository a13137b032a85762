package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.client.KubernetesClientException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// In a namespace whose pods must meet the Pod Security Standard "restricted", by the admission
/// plugin that is in every API server.
class PodSecurityIT {
  private final Cluster cluster = new Cluster();

  @BeforeEach
  void restrict() {
    cluster
        .admin
        .namespaces()
        .withName(cluster.namespace)
        .edit(
            namespace -> {
              namespace
                  .getMetadata()
                  .getLabels()
                  .put("pod-security.kubernetes.io/enforce", "restricted");
              return namespace;
            });
  }

  @AfterEach
  void close() {
    cluster.close();
  }

  @Test
  void aVmWithAllThereIsRunsWherePodsAreRestricted() {
    cluster.apply(
        """
        apiVersion: bulkhead.dev/v1alpha1
        kind: VirtualMachine
        metadata: {name: web}
        spec:
          cpu: {cores: 1}
          memory: {size: 64Mi}
          kernel: {image: "example.com/guest:1"}
          disks:
          - {name: root, image: {reference: "example.com/disk:1"}}
          - {name: data, empty: {size: 1Gi}}
          interfaces: [{name: default, pod: {}}]
          devices: [{name: gpu, claim: {template: one-gpu}}, {name: disk, claim: {name: fast}}]
          cloudInit: {userDataSecret: {name: init}}
        """);
    cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
    assertThat(cluster.pod("web").getSpec().getVolumes())
        .extracting(Volume::getName)
        .contains("disk-root", "disk-data", "kernel", "user-data");
    assertThat(cluster.pod("web").getSpec().getResourceClaims()).hasSize(2);
  }

  /// Without it, the test above would show nothing.
  @Test
  void aPodThatAsksForNothingIsRefusedThere() {
    var careless = cluster.foreignPod("careless");
    assertThatThrownBy(() -> cluster.admin.resource(careless).create())
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining("violates PodSecurity \"restricted:latest\"");
  }
}
