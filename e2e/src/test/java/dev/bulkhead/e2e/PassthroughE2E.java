package dev.bulkhead.e2e;

import static dev.bulkhead.e2e.Devices.at;
import static dev.bulkhead.e2e.Devices.attribute;
import static dev.bulkhead.e2e.Devices.awaitDriver;
import static dev.bulkhead.e2e.Devices.awaitRunning;
import static dev.bulkhead.e2e.Devices.claim;
import static dev.bulkhead.e2e.Devices.claimWith;
import static dev.bulkhead.e2e.Devices.disk;
import static dev.bulkhead.e2e.Devices.driver;
import static dev.bulkhead.e2e.Devices.get;
import static dev.bulkhead.e2e.Devices.prepared;
import static dev.bulkhead.e2e.Devices.shellPod;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.resource.v1.Device;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// Devices behind a real IOMMU, in the machine of the passthrough bed
/// (`e2e/bed/node/machine-devices`): what is claimed changes its driver for vfio-pci and comes
/// back.
@Isolated("kills the node agent")
@OnPassthroughBed
class PassthroughE2E {
  private static final String NODE = "machine";
  private static final String LONE_NIC = "0000:01:00.0";
  private static final String LONE_NVME = "0000:02:00.0";
  private static final String BRIDGED_NIC = "0000:04:01.0";
  private static final String NVME_WITH_VFS = "0000:05:00.0";
  private static final String TWO_PORTS = "0000:06:00.0";
  private static final String NIC_WITH_VFS = "0000:07:00.0";
  private static final String FIRST_VF = "0000:07:10.0";

  /// A machine at full load took 150 s until its agent was back.
  private static final Duration REBOOT = Duration.ofMinutes(5);

  @AfterEach
  void clear(Lab lab) {
    Devices.clear(lab);
  }

  @Test
  void nodeOffersWhatItCanSpare(Lab lab) {
    assertThat(offer(lab, LONE_NVME)).satisfies(device -> isOf(device, "nvme", 1));
    assertThat(offer(lab, LONE_NIC)).satisfies(device -> isOf(device, "nic", 1));
    assertThat(offer(lab, BRIDGED_NIC)).satisfies(device -> isOf(device, "nic", 2));
    assertThat(offer(lab, TWO_PORTS)).satisfies(device -> isOf(device, "nic", 2));
    assertThat(Devices.of(lab, NODE))
        .filteredOn(device -> attribute(device, "type").equals("nic-vf"))
        .hasSize(7)
        .allSatisfy(vf -> assertThat(attribute(vf, "parent")).isEqualTo(NIC_WITH_VFS));
    assertThat(Devices.of(lab, NODE))
        .filteredOn(device -> attribute(device, "type").equals("usb"))
        .singleElement()
        .satisfies(stick -> assertThat(attribute(stick, "serial")).isEqualTo("STICK"));
  }

  private static void isOf(Device device, String type, long groupSize) {
    assertThat(attribute(device, "type")).isEqualTo(type);
    assertThat(device.getAttributes().get("groupSize").getInt()).isEqualTo(groupSize);
  }

  private static Device offer(Lab lab, String function) {
    return Devices.of(lab, NODE).stream()
        .filter(device -> device.getName().equals("pci-" + function.replaceAll("[:.]", "-")))
        .findFirst()
        .orElseThrow(() -> new AssertionError(function + " is not offered"));
  }

  @Test
  void nodeSaysWhatItKeepsForItself(Lab lab) {
    var devices =
        lab.client().nodes().withName(NODE).get().getStatus().getConditions().stream()
            .filter(condition -> condition.getType().equals("bulkhead.dev/Devices"))
            .findFirst()
            .orElseThrow();
    assertThat(devices.getMessage())
        .contains("0000:00:01.0 shares a folder of the host's")
        .contains("holds /run/disk (vda)")
        .containsPattern("carries the node's address [0-9.]+ \\(eth0\\)");
  }

  @Test
  void claimedDiskIsBoundToVfioAndComesBackWhole(Lab lab, Hosts hosts) {
    var host = hosts.on(NODE);
    lab.apply(claim("disk", "nvme.bulkhead.dev", 1, at(LONE_NVME)), shellPod("user", "disk"));
    awaitRunning(lab, "user");
    assertThat(driver(host, LONE_NVME)).isEqualTo("vfio-pci");
    assertThat(lab.exec("user", "ls", "/dev/vfio").succeeded().out().lines())
        .containsExactlyInAnyOrder("vfio", group(host, LONE_NVME));
    assertThat(opensGroup(lab, "user", group(host, LONE_NVME))).isTrue();

    lab.delete("pod/user");
    awaitDriver(host, LONE_NVME, "nvme");
    Lab.await("its first sector")
        .until(
            () -> host.exec("bash", "-c", "head -c 11 " + disk(LONE_NVME)).out(),
            "MARKER-nvme"::equals);
    assertThat(prepared(hosts)).isEmpty();
  }

  @Test
  void groupOfTwoIsGivenWhole(Lab lab, Hosts hosts) {
    var host = hosts.on(NODE);
    lab.apply(claim("ports", "nic.bulkhead.dev", 1, at(BRIDGED_NIC)), shellPod("user", "ports"));
    awaitRunning(lab, "user");
    assertThat(List.of(driver(host, BRIDGED_NIC), driver(host, "0000:04:02.0")))
        .containsOnly("vfio-pci");
    assertThat(opensGroup(lab, "user", group(host, BRIDGED_NIC))).isTrue();

    lab.delete("pod/user");
    awaitDriver(host, BRIDGED_NIC, "e1000");
    awaitDriver(host, "0000:04:02.0", "e1000");
  }

  @Test
  void diskComesBackThoughTheAgentWasKilled(Lab lab, Hosts hosts) {
    var host = hosts.on(NODE);
    lab.apply(claim("disk", "nvme.bulkhead.dev", 1, at(LONE_NVME)), shellPod("user", "disk"));
    awaitRunning(lab, "user");

    host.kill(host.agentPid());
    lab.kubectl().run("delete", "pod", "user", "--wait=false").succeeded();
    awaitDriver(host, LONE_NVME, "nvme");
    Lab.await("nothing prepared").until(() -> prepared(hosts), List::isEmpty);
    lab.awaitNoPod("user");
  }

  /// Everything that was written down of it is gone then, and the pod is still to be there.
  @Test
  void diskIsReadyAgainAfterAPowerFailure(Lab lab, Hosts hosts) {
    var host = hosts.on(NODE);
    lab.apply(claim("disk", "nvme.bulkhead.dev", 1, at(LONE_NVME)), shellPod("user", "disk"));
    awaitRunning(lab, "user");

    host.machine().crash();
    host.machine().boot();
    Lab.await("the pod to run again").atMost(REBOOT).until(() -> runsForTheSecondTime(lab, "user"));
    assertThat(driver(host, LONE_NVME)).isEqualTo("vfio-pci");
    assertThat(prepared(hosts)).containsExactly(get(lab, "disk").getMetadata().getUid());
    assertThat(opensGroup(lab, "user", group(host, LONE_NVME))).isTrue();
  }

  private static boolean runsForTheSecondTime(Lab lab, String pod) {
    return lab
        .client()
        .pods()
        .inNamespace(lab.namespace())
        .withName(pod)
        .get()
        .getStatus()
        .getContainerStatuses()
        .stream()
        .anyMatch(user -> user.getRestartCount() == 1 && user.getState().getRunning() != null);
  }

  @Test
  void virtualFunctionOfANetworkCardIsMadeSetUpAndBound(Lab lab, Hosts hosts) {
    var host = hosts.on(NODE);
    lab.apply(
        claimWith("vf", "nic-vf.bulkhead.dev", "mac: '52:54:00:12:34:56', vlan: 7"),
        shellPod("user", "vf"));
    awaitRunning(lab, "user");
    var result = get(lab, "vf").getStatus().getAllocation().getDevices().getResults().getFirst();
    assertThat(result.getDevice()).isEqualTo("vf-0000-07-00-0-0");
    assertThat(driver(host, FIRST_VF)).isEqualTo("vfio-pci");
    assertThat(driver(host, "0000:07:10.4")).as("the next, which nobody claimed").isEmpty();
    var card = host.sh("ip link show $(ls /sys/bus/pci/devices/%s/net)".formatted(NIC_WITH_VFS));
    assertThat(card).contains("state UP").contains("52:54:00:12:34:56").contains("vlan 7");
    assertThat(opensGroup(lab, "user", group(host, FIRST_VF))).isTrue();

    lab.delete("pod/user");
    awaitDriver(host, FIRST_VF, "");
  }

  /// Those of disks need to be given their share of the disk first, so somebody makes them.
  @Test
  void virtualFunctionOfADiskIsGivenOnceItIsThere(Lab lab, Hosts hosts) {
    var host = hosts.on(NODE);
    var folder = "/sys/bus/pci/devices/" + NVME_WITH_VFS;
    host.sh("cd %s; echo 0 >sriov_drivers_autoprobe; echo 1 >sriov_numvfs".formatted(folder));
    try {
      var vf = "device.attributes['bulkhead.dev'].parent == '%s'".formatted(NVME_WITH_VFS);
      var isParent = "'parent' in device.attributes['bulkhead.dev'] && " + vf;
      lab.apply(claim("share", "nvme.bulkhead.dev", 1, isParent), shellPod("user", "share"));
      awaitRunning(lab, "user");
      var address = host.sh("basename $(readlink %s/virtfn0)".formatted(folder)).strip();
      assertThat(driver(host, address)).isEqualTo("vfio-pci");

      lab.delete("pod/user");
      awaitDriver(host, address, "");
    } finally {
      host.sh("echo 0 >%s/sriov_numvfs".formatted(folder));
    }
  }

  @Test
  void usbDeviceIsAFileInTheContainer(Lab lab, Hosts hosts) {
    lab.apply(claim("stick", "usb.bulkhead.dev", 1), shellPod("user", "stick"));
    awaitRunning(lab, "user");
    var device =
        hosts.on(NODE).sh("cd /sys/bus/usb/devices/2-1; printf '%03d/%03d' $(cat busnum devnum)");
    assertThat(lab.exec("user", "ls", "/dev/bus/usb/" + device).exitCode()).isZero();
  }

  private static String group(Host host, String function) {
    var link = "/sys/bus/pci/devices/" + function + "/iommu_group";
    return host.sh("basename $(readlink %s)".formatted(link)).strip();
  }

  /// The kernel lets the container have it, and knows nobody else who has.
  private static boolean opensGroup(Lab lab, String pod, String group) {
    return lab.exec(pod, "sh", "-c", "exec 3<>/dev/vfio/" + group).exitCode() == 0;
  }
}
