package dev.bulkhead.e2e;

import static dev.bulkhead.e2e.Devices.at;
import static dev.bulkhead.e2e.Devices.awaitDriver;
import static dev.bulkhead.e2e.Devices.disk;
import static dev.bulkhead.e2e.Devices.driver;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.bulkhead.crds.VirtualMachineStatus.Device;
import dev.bulkhead.e2e.bed.Output;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// Real devices in guests, by VFIO, from `kubectl apply` to what the guest's own kernel says of
/// them, on the machine of the passthrough bed (`e2e/bed/node/machine-devices`).
@Isolated("kills node agent and guests")
@OnPassthroughBed
class PassthroughVmsE2E {
  private static final String NODE = "machine";
  private static final String NVME = "0000:02:00.0";
  private static final String NVME_OF_NODE_1 = "0000:c1:00.0";
  private static final String NIC = "0000:01:00.0";
  private static final String VF = "0000:07:10.0";

  /// A guest in a machine that is itself emulated.
  private static final Duration LONG = Duration.ofMinutes(4);

  /// Tells of the hardware on the guest's console, and leaves a mark on its disk.
  private static final String LOOK_AROUND =
      """
      #!/bin/sh
      for nvme in /sys/block/nvme*; do
        disk=/dev/${nvme##*/}
        [ -b "$disk" ] || continue
        echo "nvme $(cat "$nvme"/device/serial | tr -d ' ') has $(head -c 11 "$disk")"
        echo WRITTEN-BY-GUEST | dd of="$disk" bs=512 seek=8 conv=fsync 2>/dev/null
      done
      for nvme in /sys/class/nvme/*; do
        echo "nvme $(cat "$nvme"/serial | tr -d ' ') is local to node $(cat "$nvme"/device/numa_node)"
      done
      echo "$(ls /sys/kernel/iommu_groups | wc -l) IOMMU groups"
      grep -q IR- /proc/interrupts && echo "interrupts are remapped"
      for card in /sys/class/net/*; do
        driver=$(basename "$(readlink "$card"/device/driver)")
        case $driver in e1000e|igbvf) ;; *) continue ;; esac
        name=${card##*/}
        ip link set "$name" up
        echo "$driver has mac $(cat "$card"/address)"
        [ "$driver" = e1000e ] || continue
        udhcpc -q -n -t 30 -T 1 -i "$name" -s /bin/true >/dev/null 2>&1 && echo "$driver has a lease"
        ip address add 192.168.76.15/24 dev "$name"
        ping -c 1 -W 20 -I "$name" 192.168.76.2 >/dev/null && echo "$driver reaches its gateway"
      done
      echo "looked around"
      exec serve
      """;

  /// Tells on the guest's console what disks come and go.
  private static final String LOOK_ON =
      """
      #!/bin/sh
      echo "looked around"
      had=
      while sleep 1; do
        has=
        for nvme in /sys/block/nvme*; do
          [ -b "/dev/${nvme##*/}" ] && has="$(cat "$nvme"/device/serial | tr -d ' ')"
        done
        [ "$has" = "$had" ] && continue
        [ -n "$has" ] && echo "came: $has has $(head -c 11 /dev/nvme*n1)" || echo "went: $had"
        had=$has
      done &
      exec serve
      """;

  @AfterEach
  void clear(Lab lab) {
    Devices.clear(lab);
    lab.kubectl().run("delete", "resourceclaimtemplate", "--all", "--wait=true").succeeded();
  }

  private static String vm(String name, String devices) {
    return vm(name, devices, LOOK_AROUND);
  }

  private static String vm(String name, String devices, String script) {
    return Manifests.hardwareGuest(
        name,
        "  devices: [" + devices + "]",
        Manifests.onNode(NODE),
        "  cloudInit:",
        "    userData: |",
        script.indent(6).stripTrailing());
  }

  private static String byName(String entry, String claim) {
    return "{name: %s, claim: {name: %s}}".formatted(entry, claim);
  }

  /// What the guest of a VM has said since it booted, once it has looked around.
  private static String awaitWords(Lab lab, Host host, String vm) {
    return awaitWords(lab, host, vm, "looked around", 1);
  }

  private static String awaitWords(Lab lab, Host host, String vm, String said, int times) {
    var uid =
        lab.client().pods().inNamespace(lab.namespace()).withName(vm).get().getMetadata().getUid();
    var log = "cat /run/bulkhead/guests/" + uid + "/console.log";
    return Lab.await(vm + " to say \"" + said + "\" " + times + " times")
        .atMost(LONG)
        .until(() -> host.sh(log), words -> words.split(Pattern.quote(said), -1).length > times);
  }

  private static void awaitDevices(Lab lab, String vm, String... addresses) {
    lab.awaitVm(
        vm,
        "with devices " + List.of(addresses),
        LONG,
        it ->
            Optional.ofNullable(it.getStatus().getGuest().getDevices()).orElse(List.of()).stream()
                .map(Device::getAddress)
                .toList()
                .equals(List.of(addresses)));
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
        .containsExactly(tuple("disk", NVME), tuple("card", NIC));
    assertThat(lab.vm("web").get().getStatus().getGuest().getDevices())
        .allSatisfy(device -> assertThat(device.getIommuGroup()).isNotNull());
    assertThat(lab.kubectl().run("get", "vm", "-o", "wide").succeeded().out())
        .contains(
            "\"address\":\"" + NVME + "\"", "\"address\":\"" + NIC + "\"", "\"name\":\"card\"");
    assertThat(awaitWords(lab, host, "web"))
        .contains("nvme LONE has MARKER-nvme")
        .contains("e1000e has mac 52:54:00:00:01:00")
        .contains("e1000e has a lease")
        .contains("e1000e reaches its gateway");
    assertThat(locksMemory(lab, host, "web", "-all,+sys_resource").status()).isZero();
    assertThat(locksMemory(lab, host, "web", "-sys_resource").err()).contains("not permitted");

    lab.delete("vm/web");
    awaitDriver(host, NVME, "nvme");
    awaitDriver(host, NIC, "e1000e");
    Lab.await("the guest's mark on the disk")
        .until(
            () ->
                host.exec("bash", "-c", "dd if=%s bs=512 skip=8 count=1".formatted(disk(NVME)))
                    .out(),
            text -> text.startsWith("WRITTEN-BY-GUEST"));
  }

  /// One disk is on a node of the machine's, the other on none. The guest has no nodes but for the
  /// first.
  @Test
  void aDeviceIsLocalToTheGuestsNodeAsItIsToTheMachines(Lab lab, Hosts hosts) {
    var host = hosts.on(NODE);
    lab.apply(
        Devices.claim("near", "nvme.bulkhead.dev", 1, at(NVME_OF_NODE_1)),
        Devices.claim("other", "nvme.bulkhead.dev", 1, at(NVME)),
        vm("web", byName("near", "near") + ", " + byName("other", "other")));
    lab.awaitRunning("web", LONG);
    assertThat(awaitWords(lab, host, "web"))
        .contains("nvme NODE1 has MARKER-nvme")
        .contains("nvme NODE1 is local to node 0")
        .contains("nvme LONE is local to node -1")
        .doesNotContainPattern("[1-9]\\d* IOMMU groups");
    assertThat(host.sh("cat /proc/%d/numa_maps".formatted(host.qemuOf(lab, "web"))))
        .as("the guest's memory is of the machine's node 1, as long as there is some")
        .contains(" prefer:1 ");
  }

  /// Linux asks for the IOMMU by an argument.
  @Test
  void aGuestWithAnIommuHasItsDeviceBehindIt(Lab lab, Hosts hosts) {
    var host = hosts.on(NODE);
    var vm = vm("web", byName("disk", "disk")).replace("args: ", "args: intel_iommu=on ");
    lab.apply(Devices.claim("disk", "nvme.bulkhead.dev", 1, at(NVME)), vm);
    lab.awaitRunning("web", LONG);
    awaitWords(lab, host, "web");

    lab.apply(vm + "  iommu: Intel\n");
    var running = lab.awaitCondition("web", "RestartRequired", "True", "SpecChanged", LONG);
    assertThat(Lab.condition(running, "RestartRequired").getMessage())
        .contains("spec.iommu: (none) -> Intel");

    lab.delete("vm/web");
    lab.apply(vm + "  iommu: Intel\n");
    lab.awaitRunning("web", LONG);
    assertThat(awaitWords(lab, host, "web"))
        .containsPattern("[1-9]\\d* IOMMU groups")
        .contains("interrupts are remapped")
        .contains("nvme LONE has MARKER-nvme");
  }

  /// What libvirtd does for a guest with a device, and has CAP_SYS_RESOURCE for on such nodes.
  private static Output locksMemory(Lab lab, Host host, String vm, String capabilities) {
    return host.exec(
        "nsenter",
        "--target",
        Long.toString(host.libvirtdPid()),
        "--mount",
        "--pid",
        "setpriv",
        "--bounding-set=" + capabilities,
        "--inh-caps=-all",
        "prlimit",
        "--pid=" + host.qemuOf(lab, vm),
        "--memlock=unlimited:unlimited");
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

  /// The agent dies as soon as it may have begun.
  @Test
  void aDeviceComesToAGuestThatRunsAndGoesWithoutARestart(Lab lab, Hosts hosts) {
    var host = hosts.on(NODE);
    lab.apply(Devices.claim("disk", "nvme.bulkhead.dev", 1, at(NVME)), vm("web", "", LOOK_ON));
    lab.awaitRunning("web", LONG);
    awaitWords(lab, host, "web");
    var qemu = host.qemuOf(lab, "web");

    lab.apply(vm("web", byName("late", "disk"), LOOK_ON));
    awaitDriver(host, NVME, "vfio-pci");
    host.kill(host.agentPid());
    awaitWords(lab, host, "web", "came: LONE has MARKER-nvme", 1);
    awaitDevices(lab, "web", NVME);
    var running = lab.awaitCondition("web", "DevicesAttached", "True", "Attached", LONG);
    assertThat(Lab.condition(running, "RestartRequired").getStatus()).isEqualTo("False");

    lab.apply(vm("web", "", LOOK_ON));
    awaitWords(lab, host, "web", "went: LONE", 1);
    awaitDevices(lab, "web");
    awaitDriver(host, NVME, "nvme");
    assertThat(host.qemuOf(lab, "web")).as("the same QEMU all the time").isEqualTo(qemu);
    assertThat(lab.kubectl().run("get", "pods", "-l", "bulkhead.dev/device-of").succeeded().out())
        .isEmpty();
  }

  @Test
  void aGuestLetsGoOfADeviceThatItWasStartedWithAndGetsItBack(Lab lab, Hosts hosts) {
    var host = hosts.on(NODE);
    lab.apply(
        Devices.claim("disk", "nvme.bulkhead.dev", 1, at(NVME)),
        vm("web", byName("data", "disk"), LOOK_ON));
    lab.awaitRunning("web", LONG);
    awaitWords(lab, host, "web", "came: LONE has MARKER-nvme", 1);

    lab.apply(vm("web", "", LOOK_ON));
    awaitWords(lab, host, "web", "went: LONE", 1);
    awaitDevices(lab, "web");
    assertThat(driver(host, NVME)).as("its pod still claims it").isEqualTo("vfio-pci");

    lab.apply(vm("web", byName("data", "disk"), LOOK_ON));
    awaitWords(lab, host, "web", "came: LONE has MARKER-nvme", 2);
    awaitDevices(lab, "web", NVME);
  }
}
