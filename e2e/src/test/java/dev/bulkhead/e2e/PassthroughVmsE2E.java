package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachineStatus.Device;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/// Real devices in guests, by VFIO, from `kubectl apply` to what the guest's own kernel says of
/// them, on the machine of the passthrough bed (`e2e/bed/node/machine-devices`).
@Isolated("kills node agent and guests")
@EnabledIfEnvironmentVariable(
    named = "BULKHEAD_BED",
    matches = "passthrough",
    disabledReason = "needs a node with an IOMMU: make e2e-passthrough")
@ExtendWith(OnCluster.class)
class PassthroughVmsE2E {
  private static final String NODE = "machine";
  private static final String NVME = "0000:02:00.0";
  private static final String NIC = "0000:01:00.0";
  private static final String VF = "0000:07:10.0";

  /// A guest in a machine that is itself emulated.
  private static final Duration LONG = Duration.ofMinutes(4);

  /// Tells of the hardware on the guest's console, and leaves a mark on its disk.
  private static final String LOOK_AROUND =
      """
      #!/bin/sh
      for nvme in /sys/block/nvme*; do
        [ -e "$nvme" ] || continue
        disk=/dev/${nvme##*/}
        echo "nvme $(cat "$nvme"/device/serial | tr -d ' ') has $(head -c 11 "$disk")"
        echo WRITTEN-BY-GUEST | dd of="$disk" bs=512 seek=8 conv=fsync 2>/dev/null
      done
      for card in /sys/class/net/*; do
        driver=$(basename "$(readlink "$card"/device/driver)")
        case $driver in e1000e|igbvf) ;; *) continue ;; esac
        name=${card##*/}
        ip link set "$name" up
        echo "$driver has mac $(cat "$card"/address)"
        [ "$driver" = e1000e ] || continue
        udhcpc -q -n -t 30 -T 1 -i "$name" -s /bin/true >/dev/null 2>&1 && echo "$driver has a lease"
        ip route del default; ip address add 10.0.2.15/24 dev "$name"
        ping -c 1 -W 20 -I "$name" 10.0.2.2 >/dev/null && echo "$driver reaches its gateway"
      done
      echo "looked around"
      exec serve
      """;

  @AfterEach
  void clear(Lab lab) {
    Devices.clear(lab);
    lab.kubectl().run("delete", "resourceclaimtemplate", "--all", "--wait=true").succeeded();
  }

  private static String vm(String name, String devices, String... more) {
    return Manifests.virtualMachine(
        name,
        """
          cpu: {cores: 1}
          memory: {size: 192Mi}
          kernel:
            image: localhost/bulkhead/guest-hardware:0.1.0
            initrdPath: /boot/initrd.img
            args: console=ttyS0 quiet panic=-1
          devices: [%s]
        %s  cloudInit:
            userData: |
        %s
        """
            .formatted(devices, String.join("", more), LOOK_AROUND.indent(6).stripTrailing()));
  }

  private static String byName(String entry, String claim) {
    return "{name: %s, claim: {name: %s}}".formatted(entry, claim);
  }

  private static String at(String function) {
    return "device.attributes['resource.kubernetes.io'].pciBusID == '%s'".formatted(function);
  }

  private static String driver(Host host, String function) {
    var link = "/sys/bus/pci/devices/" + function + "/driver";
    return host.sh("[ ! -e %1$s ] || basename $(readlink %1$s)".formatted(link)).strip();
  }

  private static void awaitDriver(Host host, String function, String driver) {
    Lab.await(function + " on driver " + driver)
        .until(() -> driver(host, function), driver::equals);
  }

  /// What the guest of a VM has said since it booted, once it has looked around.
  private static String awaitWords(Lab lab, Host host, String vm) {
    var uid =
        lab.client().pods().inNamespace(lab.namespace()).withName(vm).get().getMetadata().getUid();
    var log = "cat /run/bulkhead/guests/" + uid + "/console.log";
    return Lab.await(vm + " to have looked around")
        .atMost(LONG)
        .until(() -> host.sh(log), words -> words.contains("looked around"));
  }

  @Test
  void aDiskAndANetworkCardWorkInTheGuestAndComeBack(Lab lab, Hosts hosts) {
    var host = hosts.on(NODE);
    lab.apply(
        Devices.claim("disk", "nvme.bulkhead.dev", 1, at(NVME)),
        Devices.claim("card", "nic.bulkhead.dev", 1, at(NIC)),
        vm("web", byName("disk", "disk") + ", " + byName("card", "card")));
    lab.awaitRunning("web", LONG);
    assertThat(List.of(driver(host, NVME), driver(host, NIC))).containsOnly("vfio-pci");
    assertThat(lab.vm("web").get().getStatus().getGuest().getDevices())
        .extracting(Device::getName, Device::getAddress)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("disk", NVME),
            org.assertj.core.groups.Tuple.tuple("card", NIC));
    assertThat(lab.vm("web").get().getStatus().getGuest().getDevices())
        .allSatisfy(device -> assertThat(device.getIommuGroup()).isNotNull());
    assertThat(awaitWords(lab, host, "web"))
        .contains("nvme LONE has MARKER-nvme")
        .contains("e1000e has mac 52:54:00:00:01:00")
        .contains("e1000e has a lease")
        .contains("e1000e reaches its gateway");

    lab.delete("vm/web");
    awaitDriver(host, NVME, "nvme");
    awaitDriver(host, NIC, "e1000e");
    var disk = "/dev/$(ls /sys/bus/pci/devices/%s/nvme)n1".formatted(NVME);
    Lab.await("the guest's mark on the disk")
        .until(
            () -> host.exec("bash", "-c", "dd if=%s bs=512 skip=8 count=1".formatted(disk)).out(),
            text -> text.startsWith("WRITTEN-BY-GUEST"));
  }

  @Test
  void aVirtualFunctionHasTheMacOfItsClaim(Lab lab, Hosts hosts) {
    var host = hosts.on(NODE);
    lab.apply(
        Devices.claimWith("vf", "nic-vf.bulkhead.dev", "mac: '52:54:00:12:34:56'"),
        vm("web", byName("lan", "vf")));
    lab.awaitRunning("web", LONG);
    assertThat(driver(host, VF)).isEqualTo("vfio-pci");
    assertThat(awaitWords(lab, host, "web")).contains("igbvf has mac 52:54:00:12:34:56");
  }

  @Test
  void ofTwoVmsForOneDeviceTheSecondWaitsAndIsToldForWhom(Lab lab) {
    lab.apply(
        Devices.claim("one", "nvme.bulkhead.dev", 1, at(NVME)),
        Devices.claim("other", "nvme.bulkhead.dev", 1, at(NVME)),
        vm("first", byName("disk", "one")));
    lab.awaitRunning("first", LONG);
    lab.apply(vm("second", byName("disk", "other")));
    var waiting = lab.awaitCondition("second", "Running", "False", "DeviceUnavailable", LONG);
    assertThat(Lab.condition(waiting, "Running").getMessage())
        .contains("machine has")
        .contains("with " + lab.namespace() + "/first");

    lab.delete("vm/first", "resourceclaim/one");
    lab.awaitRunning("second", LONG);
  }

  /// Each restart finds the device where it was, and no second QEMU.
  @Test
  void aKilledGuestHasItsDeviceAgainWhenItIsStartedAgain(Lab lab, Hosts hosts) {
    var host = hosts.on(NODE);
    lab.apply(
        Devices.template("disk", "nvme.bulkhead.dev"),
        vm("web", "{name: disk, claim: {template: disk}}"));
    lab.awaitRunning("web", LONG);
    host.kill(host.agentPid());
    host.kill(host.qemuOf(lab, "web"));
    lab.awaitVm(
        "web",
        "running again",
        LONG,
        vm ->
            vm.getStatus().getRestarts() != null
                && "Running".equals(String.valueOf(vm.getStatus().getPhase())));
    assertThat(awaitWords(lab, host, "web")).contains("nvme ").contains(" has MARKER-nvme");
    assertThat(host.qemusOf(lab, "web")).hasSize(1);
  }
}
