package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachine;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.client.utils.Serialization;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodPlannerTest {
  private static final String VM =
      """
      apiVersion: bulkhead.dev/v1alpha1
      kind: VirtualMachine
      metadata: {name: web, namespace: shop, uid: 1-2-3, labels: {app: web, bulkhead.dev/vm: forged}}
      spec:
        power: Paused
        cpu: {cores: 2}
        memory: {size: 1Gi}
        kernel: {image: "guest:1"}
        disks:
        - {name: root, image: {reference: "disk:1"}}
        - {name: data, empty: {size: 1Gi}}
        cloudInit: {userDataSecret: {name: init}}
        devices:
        - {name: gpu, claim: {template: one-a100}}
        - {name: disk, claim: {name: fast}}
        terminationGracePeriodSeconds: 7
        nodeSelector: {disk: ssd}
        tolerations: [{key: gpu, operator: Exists}]
        priorityClassName: high
        schedulerName: mine
        affinity:
          podAntiAffinity:
            requiredDuringSchedulingIgnoredDuringExecution:
            - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}
        topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}
      """;

  @Test
  void thePodIsNamedAndOwnedAsTheVmAndCarriesItsLabels() {
    var meta = plan(VM).getMetadata();
    assertThat(meta.getName()).isEqualTo("web");
    assertThat(meta.getNamespace()).isEqualTo("shop");
    assertThat(meta.getLabels())
        .containsEntry("app", "web")
        .containsEntry("bulkhead.dev/vm", "web");
    assertThat(meta.getOwnerReferences())
        .singleElement()
        .satisfies(owner -> assertThat(owner.getUid()).isEqualTo("1-2-3"))
        .satisfies(owner -> assertThat(owner.getController()).isTrue());
  }

  @Test
  void thePodCarriesTheGuestAndTheWishForItsPower() {
    var annotations = plan(VM).getMetadata().getAnnotations();
    assertThat(GuestSpec.parse(annotations.get(Contract.GUEST_ANNOTATION)))
        .contains(GuestSpec.from(vm(VM)));
    assertThat(annotations).containsEntry(Contract.POWER_ANNOTATION, "Paused");
  }

  @Test
  void thePodMayRunInNamespacesThatTakeRestrictedOnesOnly() {
    var spec = plan(VM).getSpec();
    assertThat(spec.getSecurityContext().getRunAsNonRoot()).isTrue();
    assertThat(spec.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
    var keeper = spec.getContainers().getFirst().getSecurityContext();
    assertThat(keeper.getAllowPrivilegeEscalation()).isFalse();
    assertThat(keeper.getCapabilities().getDrop()).containsExactly("ALL");
  }

  /// The keeper's container has them too, for kubelet prepares what a container uses.
  @Test
  void thePodBringsTheClaimsOfItsDevices() {
    var spec = plan(VM).getSpec();
    assertThat(spec.getResourceClaims())
        .containsExactly(
            new PodResourceClaim("gpu", null, "one-a100"),
            new PodResourceClaim("disk", "fast", null));
    assertThat(spec.getContainers().getFirst().getResources().getClaims())
        .extracting(claim -> claim.getName())
        .containsExactly("gpu", "disk");
  }

  @Test
  void theContainerRuntimeEndsQemuWithTheKeeper() {
    assertThat(plan(VM).getSpec().getShareProcessNamespace()).isTrue();
  }

  @Test
  void schedulingFieldsArePassedOnAsTheyAre() {
    var spec = plan(VM).getSpec();
    var wanted = vm(VM).getSpec();
    assertThat(spec.getNodeSelector()).isEqualTo(wanted.getNodeSelector());
    assertThat(spec.getAffinity()).isEqualTo(wanted.getAffinity());
    assertThat(spec.getTolerations()).isEqualTo(wanted.getTolerations());
    assertThat(spec.getTopologySpreadConstraints())
        .isEqualTo(wanted.getTopologySpreadConstraints());
    assertThat(spec.getPriorityClassName()).isEqualTo("high");
    assertThat(spec.getSchedulerName()).isEqualTo("mine");
    assertThat(spec.getTerminationGracePeriodSeconds()).isEqualTo(7);
  }

  @Test
  void everyDiskIsAVolumeOfTheKeeper() {
    var pod = plan(VM);
    assertThat(pod.getSpec().getContainers().getFirst().getVolumeMounts())
        .extracting(VolumeMount::getName, VolumeMount::getMountPath, VolumeMount::getReadOnly)
        .containsExactly(
            tuple("disk-root", "/volumes/disks/root", true),
            tuple("disk-data", "/volumes/disks/data", false),
            tuple("scratch", "/volumes/scratch", false),
            tuple("kernel", "/volumes/kernel", true),
            tuple("user-data", "/volumes/user-data", true));
    var volumes = pod.getSpec().getVolumes();
    assertThat(volumes.get(0).getImage().getReference()).isEqualTo("disk:1");
    assertThat(volumes.get(1).getEmptyDir().getSizeLimit())
        .isEqualTo(new Quantity(Long.toString((1L << 30) + (1L << 30) / 100 + (8 << 20))));
    assertThat(volumes.get(4).getSecret().getSecretName()).isEqualTo("init");
  }

  /// 64 + 32 + 32 MiB, 8 for each vCPU, 1/256 of the guest's memory, 16 for UEFI; 128 more for
  /// moments.
  @ParameterizedTest
  @CsvSource({
    "1, 64Mi, BIOS, 200.25Mi, 328.25Mi",
    "2, 1Gi, BIOS, 1172Mi, 1300Mi",
    "2, 1Gi, UEFI, 1188Mi, 1316Mi"
  })
  void memoryIsTheGuestsAndQemusAndAHardLimit(
      int cores, String memory, String firmware, String request, String limit) {
    var resources =
        plan(VM.replace("cores: 2", "cores: " + cores)
                .replace("memory: {size: 1Gi}", "memory: {size: " + memory + "}")
                .replace("power: Paused", "firmware: {type: " + firmware + "}\n  power: Paused"))
            .getSpec()
            .getContainers()
            .getFirst()
            .getResources();
    assertThat(resources.getRequests()).containsEntry("memory", new Quantity(request));
    assertThat(resources.getLimits()).containsOnlyKeys("memory");
    assertThat(resources.getLimits()).containsEntry("memory", new Quantity(limit));
  }

  @ParameterizedTest
  @CsvSource({"1, 10, 100m", "4, 10, 400m", "3, 7, 429m", "2, 1, 2000m"})
  void vCpusShareCpusByTheAllocationRatio(int cores, int ratio, String expected) {
    var pod =
        PodPlanner.plan(
            vm(VM.replace("cores: 2", "cores: " + cores)), new LaunchSettings("keeper:1", ratio));
    assertThat(pod.getSpec().getContainers().getFirst().getResources().getRequests())
        .containsEntry("cpu", new Quantity(expected));
  }

  @Test
  void thePodIsReadyOnlyWhileTheGuestRuns() {
    assertThat(plan(VM).getSpec().getReadinessGates())
        .singleElement()
        .satisfies(
            gate ->
                assertThat(gate.getConditionType()).isEqualTo(Contract.GUEST_RUNNING_CONDITION));
  }

  private static Pod plan(String yaml) {
    return PodPlanner.plan(vm(yaml), new LaunchSettings("keeper:1", 10));
  }

  private static VirtualMachine vm(String yaml) {
    return Serialization.unmarshal(yaml, VirtualMachine.class);
  }
}
