package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachineStatus;
import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuota;
import io.fabric8.kubernetes.api.model.ResourceQuotaBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TroubleIT {
  private final Cluster cluster = new Cluster();

  @AfterEach
  void close() {
    cluster.close();
  }

  @Test
  void noNodeThatFitsIsSaidInTheSchedulersWords() {
    cluster.apply(Cluster.VM);
    var pod = cluster.awaitPod("web", _ -> true);
    cluster.node.unschedulable(pod, "0/2 nodes are available: 2 Insufficient memory.");
    var status = cluster.awaitReason("web", Reason.Unschedulable);
    assertThat(status.getPhase()).isEqualTo(Phase.Pending);
    assertThat(message(status, ConditionType.Scheduled))
        .contains("2 Insufficient memory")
        .contains("by itself");
    cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
  }

  @Test
  void aClaimThatIsNotThereIsNamedAndTheVmStartsOnceItIs() {
    cluster.apply(Cluster.VM + "  devices: [{name: gpu, claim: {name: fast}}]\n");
    var status = cluster.awaitReason("web", Reason.DeviceUnavailable);
    assertThat(status.getPhase()).isEqualTo(Phase.Pending);
    assertThat(message(status, ConditionType.Scheduled))
        .contains("device gpu: there is no ResourceClaim fast in namespace " + cluster.namespace)
        .contains("Create it, or correct spec.devices");
    cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
  }

  @Test
  void exceededQuotaIsSaidAndTheVmRunsOnceThereIsMore() {
    var quota = quota("64Mi");
    cluster.apply(Cluster.VM);
    var status = cluster.awaitReason("web", Reason.QuotaExceeded);
    assertThat(message(status, ConditionType.Running)).contains("tight").contains("by itself");
    setHard(quota, "4Gi");
    cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
  }

  @Test
  void aForeignPodOfTheSameNameIsLeftAloneAndSaid() {
    var foreign = cluster.foreignPod("web");
    cluster.admin.resource(foreign).create();
    cluster.apply(Cluster.VM);
    var status = cluster.awaitReason("web", Reason.NameTaken);
    assertThat(message(status, ConditionType.Running)).contains("Delete that pod");
    assertThat(cluster.pod("web").getSpec().getContainers().getFirst().getImage())
        .isEqualTo("other:1");
    cluster.node.gone(foreign);
    cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
  }

  @Test
  void aPodThatTheApiServerRefusesIsSaid() {
    cluster.apply(Cluster.VM.replace("spec:\n", "spec:\n  priorityClassName: no-such-class\n"));
    var status = cluster.awaitReason("web", Reason.PodRefused);
    assertThat(message(status, ConditionType.Running)).contains("no-such-class");
    cluster.edit("web", vm -> vm.getSpec().setPriorityClassName(null));
    cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
  }

  @Test
  void anImageThatCannotBePulledIsSaidInKubeletsWords() {
    cluster.apply(Cluster.VM);
    var pod = cluster.awaitPod("web", _ -> true);
    cluster.node.schedule(pod);
    cluster.node.keeperWaits(
        pod,
        "ImagePullBackOff",
        "Back-off pulling image \"example.com/guest:1\": ErrImagePull: no such host");
    var status = cluster.awaitReason("web", Reason.ImageUnavailable);
    assertThat(message(status, ConditionType.Running))
        .contains("worker-1 cannot get an image of this VM: no such host");
  }

  @Test
  void aMissingSecretIsSaidInKubeletsWordsWhileThePodIsStuck() {
    cluster.apply(Cluster.VM);
    var pod = cluster.awaitPod("web", _ -> true);
    cluster.node.schedule(pod);
    warn(
        pod,
        "FailedMount",
        "MountVolume.SetUp failed for volume \"user-data\" : secret \"web-init\" not found");
    var status = cluster.awaitReason("web", Reason.VolumeUnavailable);
    assertThat(message(status, ConditionType.Running)).contains("secret \"web-init\" not found");
    cluster.node.boot(pod);
    cluster.awaitReason("web", Reason.Running);
  }

  @Test
  void aStartThatTakesLongSaysWhatItWaitsFor() {
    cluster.apply(Cluster.VM);
    var pod = cluster.awaitPod("web", _ -> true);
    cluster.node.schedule(pod);
    cluster.node.keeperRuns(pod);
    var status = cluster.awaitReason("web", Reason.Starting);
    assertThat(status.getPhase()).isEqualTo(Phase.Starting);
    assertThat(message(status, ConditionType.Running)).contains("node agent of worker-1");
  }

  @Test
  void aLostNodeIsSaidAndItsGuestIsNotStartedElsewhere() {
    cluster.apply(Cluster.VM);
    var pod = cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
    cluster.node.fallsSilent(pod);
    var lost = cluster.awaitReason("web", Reason.NodeNotResponding);
    assertThat(message(lost, ConditionType.Running))
        .contains("worker-1")
        .contains("out-of-service=nodeshutdown:NoExecute")
        .contains("delete node");
    assertThat(Conditions.find(lost, ConditionType.Running).orElseThrow().getStatus())
        .isEqualTo("Unknown");
    assertThat(cluster.pod("web")).is(Cluster.same(pod));
    cluster.node.ready(pod);
    cluster.awaitReason("web", Reason.Running);
  }

  @Test
  void anEvictedGuestIsStartedAnewAndSaidSo() {
    cluster.apply(Cluster.VM);
    var pod = cluster.boot("web");
    cluster.node.evicted(pod, "The node was low on resource: memory.");
    cluster.boot("web");
    var status = cluster.awaitReason("web", Reason.Running);
    assertThat(status.getRestarts().getLastExitReason()).isEqualTo("Evicted");
    assertThat(status.getRestarts().getLastExitMessage()).contains("low on resource: memory");
  }

  private static String message(VirtualMachineStatus status, ConditionType type) {
    return Conditions.find(status, type).orElseThrow().getMessage();
  }

  private void warn(Pod pod, String reason, String message) {
    var now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    cluster
        .admin
        .resource(
            new EventBuilder()
                .withNewMetadata()
                .withName("web.1")
                .withNamespace(cluster.namespace)
                .endMetadata()
                .withNewInvolvedObject()
                .withKind("Pod")
                .withNamespace(cluster.namespace)
                .withName("web")
                .withUid(pod.getMetadata().getUid())
                .endInvolvedObject()
                .withType("Warning")
                .withReason(reason)
                .withMessage(message)
                .withLastTimestamp(now)
                .build())
        .create();
  }

  /// In force once its status says so, which a controller would do.
  private ResourceQuota quota(String memory) {
    var quota =
        new ResourceQuotaBuilder()
            .withNewMetadata()
            .withName("tight")
            .withNamespace(cluster.namespace)
            .endMetadata()
            .withNewSpec()
            .addToHard("requests.memory", new Quantity(memory))
            .endSpec()
            .build();
    cluster.admin.resource(quota).create();
    setHard(quota, memory);
    return quota;
  }

  private void setHard(ResourceQuota quota, String memory) {
    var hard = Map.of("requests.memory", new Quantity(memory));
    var quotas =
        cluster
            .admin
            .resourceQuotas()
            .inNamespace(cluster.namespace)
            .withName(quota.getMetadata().getName());
    quotas.edit(q -> new ResourceQuotaBuilder(q).editSpec().withHard(hard).endSpec().build());
    quotas.editStatus(
        q ->
            new ResourceQuotaBuilder(q)
                .withNewStatus()
                .withHard(hard)
                .addToUsed("requests.memory", new Quantity("0"))
                .endStatus()
                .build());
  }
}
