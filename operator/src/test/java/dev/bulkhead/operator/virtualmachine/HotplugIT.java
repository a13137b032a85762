package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.crds.VirtualMachineStatus;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuotaBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Devices that are added to a VM that runs, and taken from it: what the operator makes of the
/// change, before a real API server.
class HotplugIT {
  private final Cluster cluster = new Cluster();

  @AfterEach
  void close() {
    cluster.close();
  }

  private Pod run(String... devices) {
    cluster.apply(Cluster.VM + "  devices: [" + String.join(", ", devices) + "]\n");
    var pod = cluster.boot("web");
    cluster.awaitReason("web", Reason.Running);
    return pod;
  }

  private void wish(String... claims) {
    cluster.edit(
        "web",
        vm ->
            vm.getSpec()
                .setDevices(Stream.of(claims).map(name -> Fixtures.device(name, name)).toList()));
  }

  private List<Pod> devicePods() {
    return cluster
        .admin
        .pods()
        .inNamespace(cluster.namespace)
        .withLabel(Contract.DEVICE_OF_LABEL, "web")
        .list()
        .getItems();
  }

  private Pod awaitDevicePod() {
    return Awaitility.await("a pod that holds the claim")
        .atMost(Duration.ofSeconds(20))
        .until(this::devicePods, pods -> pods.size() == 1)
        .getFirst();
  }

  private void awaitNoDevicePod() {
    Awaitility.await("no pod holds a claim")
        .atMost(Duration.ofSeconds(20))
        .until(() -> devicePods().stream().allMatch(Cluster::leaving));
  }

  private Condition awaitDevices(String status, String reason) {
    return cluster
        .awaitStatus("web", s -> devices(s) != null && is(devices(s), status, reason))
        .getConditions()
        .stream()
        .filter(condition -> condition.getType().equals("DevicesAttached"))
        .findFirst()
        .orElseThrow();
  }

  private static Condition devices(VirtualMachineStatus status) {
    return Conditions.find(status, ConditionType.DevicesAttached).orElse(null);
  }

  private static boolean is(Condition condition, String status, String reason) {
    return condition.getStatus().equals(status) && condition.getReason().equals(reason);
  }

  private static GuestReport.Device has(String entry) {
    return new GuestReport.Device(entry, "0000:81:00.0", 14);
  }

  @Test
  void anAddedDeviceIsHeldByAPodOfItsOwnUntilItIsRemoved() {
    var pod = run();
    wish("disk");
    var holder = awaitDevicePod();
    assertThat(holder.getMetadata().getOwnerReferences())
        .singleElement()
        .satisfies(owner -> assertThat(owner.getUid()).isEqualTo(pod.getMetadata().getUid()));
    assertThat(awaitDevices("False", "DeviceUnavailable").getMessage())
        .startsWith("device disk cannot be given to the running guest yet");

    cluster.node.schedule(holder);
    assertThat(awaitDevices("False", "Attaching").getMessage())
        .contains("kubectl describe pod " + holder.getMetadata().getName());
    cluster.node.reports(pod, State.Running, has("disk"));
    awaitDevices("True", "Attached");
    assertThat(cluster.vm("web").getStatus().getGuest().getDevices()).hasSize(1);
    assertThat(cluster.awaitRestartRequired("web", "False")).isNotNull();
    assertThat(cluster.pod("web")).is(Cluster.same(pod));

    wish();
    awaitNoDevicePod();
    awaitDevices("False", "Detaching");
    cluster.node.reports(pod, State.Running);
    cluster.awaitStatus("web", status -> devices(status) == null);
    Awaitility.await("both changes are told")
        .untilAsserted(
            () ->
                assertThat(cluster.eventsOf("web"))
                    .extracting(Event::getReason, Event::getMessage)
                    .contains(
                        tuple(
                            "DeviceAttached",
                            "the guest has device disk, which is 0000:81:00.0 (IOMMU group 14) on worker-1"),
                        tuple(
                            "DeviceDetached",
                            "the guest has device disk, which is 0000:81:00.0 (IOMMU group 14) on worker-1, no longer")));
  }

  @Test
  void aDeviceThatTheGuestWasStartedWithIsTakenAndGivenBack() {
    var pod = run("{name: disk, claim: {name: disk}}");
    cluster.node.reports(pod, State.Running, has("disk"));
    awaitDevices("True", "Attached");

    wish();
    cluster.awaitPod("web", p -> "disk".equals(detached(p)));
    cluster.node.reports(pod, State.Running);
    cluster.awaitRestartRequired("web", "False");

    wish("disk");
    cluster.awaitPod("web", p -> "".equals(detached(p)));
    assertThat(devicePods()).isEmpty();
    assertThat(cluster.pod("web")).is(Cluster.same(pod));
  }

  private static String detached(Pod pod) {
    return pod.getMetadata().getAnnotations().get(Contract.DETACHED_ANNOTATION);
  }

  @Test
  void aStoppedVmHoldsNothing() {
    var pod = run();
    wish("disk");
    awaitDevicePod();
    cluster.edit("web", vm -> vm.getSpec().setPower(Power.Stopped));
    cluster.awaitPod("web", Cluster::leaving);
    cluster.node.gone(pod);
    awaitNoDevicePod();
  }

  @Test
  void aClaimThatMayNotBeHeldIsSaidToBeAndTriedAgain() {
    run();
    var quota =
        new ResourceQuotaBuilder()
            .withNewMetadata()
            .withName("full")
            .withNamespace(cluster.namespace)
            .endMetadata()
            .withNewSpec()
            .withHard(Map.of("pods", new Quantity("1")))
            .endSpec()
            .build();
    cluster.admin.resource(quota).create();
    // A controller would do this.
    cluster
        .admin
        .resource(quota)
        .editStatus(
            q ->
                new ResourceQuotaBuilder(q)
                    .withNewStatus()
                    .withHard(quota.getSpec().getHard())
                    .addToUsed("pods", new Quantity("1"))
                    .endStatus()
                    .build());
    wish("disk");
    assertThat(awaitDevices("False", "QuotaExceeded").getMessage()).contains("exceeded quota");
    assertThat(Conditions.reason(cluster.vm("web").getStatus(), ConditionType.Running))
        .contains(Reason.Running);

    cluster.admin.resource(quota).delete();
    awaitDevicePod();
  }
}
