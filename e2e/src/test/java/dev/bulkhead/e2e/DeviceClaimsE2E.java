package dev.bulkhead.e2e;

import static dev.bulkhead.e2e.Devices.at;
import static dev.bulkhead.e2e.Devices.attribute;
import static dev.bulkhead.e2e.Devices.awaitRunning;
import static dev.bulkhead.e2e.Devices.claim;
import static dev.bulkhead.e2e.Devices.claimWith;
import static dev.bulkhead.e2e.Devices.get;
import static dev.bulkhead.e2e.Devices.pod;
import static dev.bulkhead.e2e.Devices.podOfTemplate;
import static dev.bulkhead.e2e.Devices.prepared;
import static dev.bulkhead.e2e.Devices.slices;
import static dev.bulkhead.e2e.Devices.template;
import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.VirtualMachineStatus;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/// From a node's hardware to the pod that has it, through the real scheduler and kubelet. The
/// hardware is a record of other machines': worker-1 has eight accelerators, worker-2 a network
/// card of two ports. It is claimed, and never touched.
@Isolated("restarts the node agents")
@ExtendWith(OnCluster.class)
class DeviceClaimsE2E {
  private static final String GPUS = "worker-1";
  private static final String NETWORK = "worker-2";

  /// The network cards beside the accelerators are another vendor's.
  private static final String INTEL = "device.attributes['bulkhead.dev'].vendor == '8086'";

  private static int installed;

  @BeforeAll
  static void giveRecordedHardware(Lab lab, Hosts hosts) {
    RecordedHardware.layOut(hosts.on(GPUS), "eight-gpus");
    RecordedHardware.layOut(hosts.on(NETWORK), "sriov");
    installed = Helm.of(lab).revision();
    Helm.of(lab)
        .upgrade(
            "devices.allow={gpu,nic-vf}", "nodeAgent.recordedHardware=" + RecordedHardware.FOLDER);
    Lab.awaitTrue("devices of both nodes", () -> slices(lab).size() >= 2);
  }

  @AfterAll
  static void takeItBack(Lab lab, Hosts hosts) {
    Helm.of(lab).rollback(installed);
    Lab.awaitTrue("no devices", () -> slices(lab).isEmpty());
    hosts.workers().forEach(RecordedHardware::remove);
  }

  @AfterEach
  void clear(Lab lab) {
    Devices.clear(lab);
  }

  @Test
  void nodesTellOfWhatTheyGiveAway(Lab lab) {
    var gpus =
        Devices.of(lab, GPUS).stream()
            .filter(device -> "gpu".equals(attribute(device, "type")))
            .toList();
    assertThat(gpus).hasSize(8);
    assertThat(gpus).allSatisfy(gpu -> assertThat(attribute(gpu, "deviceName")).contains("A100"));
    assertThat(slices(lab))
        .allSatisfy(
            slice ->
                assertThat(slice.getMetadata().getOwnerReferences())
                    .singleElement()
                    .satisfies(owner -> assertThat(owner.getKind()).isEqualTo("Node")));
  }

  @Test
  void aPodIsPutWhereItsDeviceIsAndHasItAsLongAsItLives(Lab lab, Hosts hosts) {
    lab.apply(claim("vf", "nic-vf.bulkhead.dev", 1, INTEL), pod("user", "vf"));
    var pod = awaitRunning(lab, "user");
    assertThat(pod.getSpec().getNodeName()).isEqualTo(NETWORK);
    var claim = get(lab, "vf");
    assertThat(claim.getStatus().getAllocation().getDevices().getResults())
        .singleElement()
        .satisfies(
            result -> {
              assertThat(result.getDriver()).isEqualTo("bulkhead.dev");
              assertThat(result.getPool()).isEqualTo(NETWORK);
              assertThat(result.getDevice()).startsWith("vf-0000-81-00-");
            });
    assertThat(prepared(hosts)).containsExactly(claim.getMetadata().getUid());

    lab.delete("pod/user");
    Lab.await("nothing prepared").until(() -> prepared(hosts), List::isEmpty);
  }

  @Test
  void aClaimOutlivesItsPodsAndKeepsItsDevice(Lab lab) {
    lab.apply(claim("kept", "gpu.bulkhead.dev", 1), pod("first", "kept"));
    awaitRunning(lab, "first");
    lab.delete("pod/first");
    lab.apply(pod("second", "kept"));
    awaitRunning(lab, "second");
    assertThat(get(lab, "kept").getStatus().getReservedFor())
        .singleElement()
        .satisfies(user -> assertThat(user.getName()).isEqualTo("second"));
  }

  @Test
  void eachPodOfATemplateHasADeviceOfItsOwn(Lab lab) {
    lab.apply(
        template("one-gpu", "gpu.bulkhead.dev"),
        podOfTemplate("a", "one-gpu"),
        podOfTemplate("b", "one-gpu"));
    awaitRunning(lab, "a");
    awaitRunning(lab, "b");
    var devices =
        lab
            .client()
            .resources(ResourceClaim.class)
            .inNamespace(lab.namespace())
            .list()
            .getItems()
            .stream()
            .flatMap(claim -> claim.getStatus().getAllocation().getDevices().getResults().stream())
            .map(result -> result.getDevice())
            .toList();
    assertThat(devices).hasSize(2).doesNotHaveDuplicates();
  }

  /// Seven of the eight are to be had: one has failed.
  @Test
  void whoComesLateWaitsAndGetsTheDeviceAfterwards(Lab lab) {
    lab.apply(claim("most", "gpu.bulkhead.dev", 7), pod("greedy", "most"));
    awaitRunning(lab, "greedy");
    lab.apply(claim("one-more", "gpu.bulkhead.dev", 1), pod("late", "one-more"));
    Lab.await("the scheduler's word on it")
        .until(() -> unschedulable(lab, "late"), Optional::isPresent);
    assertThat(unschedulable(lab, "late").orElseThrow()).contains("cannot allocate all claims");

    lab.delete("pod/greedy", "resourceclaim/most");
    awaitRunning(lab, "late");
  }

  /// As far as a guest: it runs on the node that has the device, which is only a record here.
  @Test
  void aVmRunsWhereItsDevicesAreAndGivesThemBack(Lab lab, Hosts hosts) {
    lab.apply(
        template("one-gpu", "gpu.bulkhead.dev"),
        Manifests.tinyGuest("vm", "  devices: [{name: gpu, claim: {template: one-gpu}}]"));
    var guest = lab.awaitRunning("vm");
    assertThat(guest.node()).isEqualTo(GPUS);
    var claim =
        lab.client()
            .resources(ResourceClaim.class)
            .inNamespace(lab.namespace())
            .list()
            .getItems()
            .getFirst()
            .getMetadata()
            .getUid();
    assertThat(prepared(hosts)).contains(claim);

    lab.patch("vm", "{\"spec\": {\"power\": \"Stopped\"}}");
    lab.awaitPhase("vm", VirtualMachineStatus.Phase.Stopped);
    Lab.await("its claim to be given back")
        .until(() -> prepared(hosts), uids -> !uids.contains(claim));
    lab.delete("vm/vm", "resourceclaimtemplate/one-gpu");
  }

  /// As far as its claim: what the guest has of it then, the passthrough bed shows.
  @Test
  void aDeviceAddedToARunningVmIsClaimedOnItsNodeAndGivenBackWhenItIsRemoved(Lab lab, Hosts hosts) {
    var gpu = "  devices: [{name: gpu, claim: {template: one-gpu}}]";
    lab.apply(
        template("one-gpu", "gpu.bulkhead.dev"),
        Manifests.tinyGuest("vm", Manifests.preferably(GPUS)));
    var guest = lab.awaitRunning("vm");
    assertThat(guest.node()).isEqualTo(GPUS);
    guest.awaitAnswer();
    var bootId = guest.bootId();

    lab.apply(Manifests.tinyGuest("vm", Manifests.preferably(GPUS), gpu));
    var holder =
        Lab.await("a pod that holds the claim").until(() -> holders(lab), pods -> pods.size() == 1);
    awaitRunning(lab, holder.getFirst());
    assertThat(lab.client().pods().inNamespace(lab.namespace()).withName(holder.getFirst()).get())
        .satisfies(pod -> assertThat(pod.getSpec().getNodeName()).isEqualTo(GPUS));
    assertThat(prepared(hosts)).hasSize(1);
    assertThat(Lab.condition(lab.vm("vm").get(), "RestartRequired").getStatus()).isEqualTo("False");

    lab.apply(Manifests.tinyGuest("vm", Manifests.preferably(GPUS)));
    Lab.await("its claim to be given back").until(() -> prepared(hosts), List::isEmpty);
    Lab.await("nothing to hold it").until(() -> holders(lab), List::isEmpty);
    assertThat(guest.bootId()).isEqualTo(bootId);
    lab.delete("vm/vm", "resourceclaimtemplate/one-gpu");
  }

  private static List<String> holders(Lab lab) {
    return lab
        .client()
        .pods()
        .inNamespace(lab.namespace())
        .withLabel(Contract.DEVICE_OF_LABEL, "vm")
        .list()
        .getItems()
        .stream()
        .map(pod -> pod.getMetadata().getName())
        .toList();
  }

  @Test
  void aVmThatComesLateIsToldWhoHasTheDevicesAndStartsAfterThem(Lab lab) {
    lab.apply(claim("all", "gpu.bulkhead.dev", 7), vmWith("greedy", "all"));
    lab.awaitRunning("greedy");
    lab.apply(claim("one-more", "gpu.bulkhead.dev", 1), vmWith("late", "one-more"));
    var waiting =
        lab.awaitCondition("late", "Running", "False", "DeviceUnavailable", Duration.ofSeconds(30));
    assertThat(Lab.condition(waiting, "Running").getMessage())
        .contains("for device gpu (gpu.bulkhead.dev), nodes were looked at: worker-1 has 8, with ")
        .contains(lab.namespace() + "/greedy")
        .contains("worker-2 gives none away")
        .contains("cannot allocate all claims");

    lab.delete("vm/greedy", "resourceclaim/all");
    lab.awaitRunning("late");
    lab.delete("vm/late");
  }

  private static String vmWith(String name, String claim) {
    return Manifests.tinyGuest(name, "  devices: [{name: gpu, claim: {name: " + claim + "}}]");
  }

  private static Optional<String> unschedulable(Lab lab, String pod) {
    return lab
        .client()
        .pods()
        .inNamespace(lab.namespace())
        .withName(pod)
        .get()
        .getStatus()
        .getConditions()
        .stream()
        .filter(condition -> "Unschedulable".equals(condition.getReason()))
        .map(PodCondition::getMessage)
        .findFirst();
  }

  /// A whole card excludes its virtual functions, and they it.
  @Test
  void aCardIsNotGivenAwayWhileAPartOfItIs(Lab lab) {
    Helm.of(lab).upgrade("devices.allow={gpu,nic-vf,nic}");
    lab.apply(
        claim("part", "nic-vf.bulkhead.dev", 1, onCard("0000:81:00.0")), pod("vf-user", "part"));
    awaitRunning(lab, "vf-user");
    lab.apply(claim("card", "nic.bulkhead.dev", 1, at("0000:81:00.0")), pod("card-user", "card"));
    Lab.await("the scheduler's word on it")
        .until(() -> unschedulable(lab, "card-user"), Optional::isPresent);

    lab.delete("pod/vf-user", "resourceclaim/part");
    awaitRunning(lab, "card-user");
  }

  private static String onCard(String parent) {
    return "device.attributes['bulkhead.dev'].parent == '%s'".formatted(parent);
  }

  /// By kubelet, in the pod's status (Kubernetes 1.37).
  @Test
  void whoHasADeviceThatFailsIsToldSo(Lab lab, Hosts hosts) {
    var host = hosts.on(GPUS);
    lab.apply(claim("one", "gpu.bulkhead.dev", 1, at("0000:1a:00.0")), pod("user", "one"));
    awaitRunning(lab, "user");
    Lab.await("a healthy device").until(() -> health(lab, "user"), "Healthy "::equals);
    try {
      setFatalErrors(host, 2);
      Lab.await("a device that has failed")
          .until(
              () -> health(lab, "user"),
              words -> words.startsWith("Unhealthy 0000:1a:00.0 had 2 fatal"));
    } finally {
      setFatalErrors(host, 0);
    }
    Lab.await("a device that is well again").until(() -> health(lab, "user"), "Healthy "::equals);
  }

  /// With an event of another device's: of a recorded one the kernel knows nothing.
  private static void setFatalErrors(Host host, int count) {
    host.sh(
        """
        printf 'TOTAL_ERR_FATAL %d\\n' >%s/sys/bus/pci/devices/0000:1a:00.0/aer_dev_fatal
        """
                .formatted(count, RecordedHardware.FOLDER)
            + Devices.KERNEL_EVENT);
  }

  private static String health(Lab lab, String pod) {
    return lab.kubectl()
        .run(
            "get",
            "pod",
            pod,
            "-o",
            "jsonpath={range .status.containerStatuses[*].allocatedResourcesStatus[*].resources[*]}"
                + "{.health} {.message}{end}")
        .succeeded()
        .out();
  }

  @Test
  void agentAndKubeletMayDieAndTheClaimIsStillGivenBack(Lab lab, Hosts hosts) {
    lab.apply(claim("vf", "nic-vf.bulkhead.dev", 1, INTEL), pod("user", "vf"));
    awaitRunning(lab, "user");
    var host = hosts.on(NETWORK);
    for (var agent : host.agentPids()) {
      host.kill(agent);
    }
    for (var kubelet : host.pids("/kubelet.yaml", "kubelet")) {
      host.kill(kubelet);
    }
    lab.kubectl().run("delete", "pod", "user", "--wait=false").succeeded();
    Lab.await("nothing prepared").until(() -> prepared(hosts), List::isEmpty);
    lab.awaitNoPod("user");
    lab.apply(pod("next", "vf"));
    awaitRunning(lab, "next");
  }

  @Test
  void aSliceThatSomebodyRemovesIsThereAgain(Lab lab) {
    var before = slices(lab).size();
    lab.kubectl().run("delete", "resourceslice", "--all").succeeded();
    Lab.awaitTrue("as many slices as before", () -> slices(lab).size() == before);
  }

  @Test
  void wrongSettingsAreNamedInThePodsEvents(Lab lab) {
    lab.apply(claimWith("odd", "nic-vf.bulkhead.dev", "vlan: 4095"), pod("odd-user", "odd"));
    Lab.await("an event that names the field")
        .until(
            () ->
                lab
                    .client()
                    .v1()
                    .events()
                    .inNamespace(lab.namespace())
                    .withField("involvedObject.name", "odd-user")
                    .list()
                    .getItems()
                    .stream()
                    .anyMatch(
                        event -> event.getMessage().contains("vlan is \"4095\", and must be")));
  }
}
