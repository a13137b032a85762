package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LifecycleIT {
  static final String VM =
      """
      apiVersion: bulkhead.dev/v1alpha1
      kind: VirtualMachine
      metadata: {name: web}
      spec:
        cpu: {cores: 1}
        memory: {size: 64Mi}
        kernel: {image: example.com/guest:1}
      """;

  private final Cluster cluster = new Cluster();

  @AfterEach
  void close() {
    cluster.close();
  }

  @Test
  void anAppliedVmRunsOnceItsPodsGuestDoes() {
    cluster.apply(VM);
    cluster.boot("web");
    var status = cluster.awaitReason("web", Reason.Running);
    assertThat(status.getPhase()).isEqualTo(Phase.Running);
    assertThat(status.getNode()).isEqualTo("worker-1");
    assertThat(status.getGuest().getIp()).isEqualTo("10.244.1.7");
    assertThat(status.getObservedGeneration()).isEqualTo(1);
  }
}
