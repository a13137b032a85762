package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import dev.bulkhead.e2e.bed.Output;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.SecurityContextBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Node agent and libvirtd have no capability that they could do without.
///
/// The short form takes each away from what it is there for, in the container that has it. The long
/// one (`-Dwalls=all`, `make walls`) takes each away from a whole node, where then no guest goes
/// through its life.
@Isolated("takes a node agent away")
@ExtendWith(OnCluster.class)
class CapabilitiesE2E {
  private static final String NODE = "worker-1";

  /// Several times what each takes on an idle machine.
  private static final Duration AGENT_WITHIN = Duration.ofSeconds(25);

  private static final Duration GUEST_WITHIN = Duration.ofSeconds(20);

  /// @param use the least that fails without it, of all that the container does
  /// @param here whether this cluster's nodes need it; others may
  private record Need(String container, String capability, String use, boolean here) {
    private static Need of(String container, String capability, String use) {
      return new Need(container, capability, use, true);
    }

    private static Need elsewhere(String container, String capability, String use) {
      return new Need(container, capability, use, false);
    }

    @Override
    public String toString() {
      return container + " without " + capability;
    }
  }

  static Stream<Need> needs() {
    return Stream.of(
        // Enters pods' networks and mounts, brings their volumes.
        Need.of("agent", "SYS_ADMIN", "nsenter --net=/proc/$KEEPER/ns/net true"),
        // Finds them by processes of other users.
        Need.of("agent", "SYS_PTRACE", "ls /proc/$KEEPER/root/volumes"),
        Need.of("agent", "SYS_CHROOT", "nsenter --mount=/proc/$LIBVIRTD/ns/mnt true"),
        // Moves taps, sets addresses and packet filters.
        Need.of("agent", "NET_ADMIN", "nft list ruleset"),
        // Gives a guest's sockets to its QEMU's user,
        Need.of("agent", "CHOWN", "file=$(mktemp) && chown 7 $file; ok=$?; rm $file; exit $ok"),
        // and removes them; makes disks in volumes that are others'.
        Need.of("agent", "DAC_OVERRIDE", "ls $GUEST/sockets"),
        // Tells the keeper how its guest has ended.
        Need.of("agent", "KILL", "kill -0 $KEEPER"),
        // Enters the node's cgroups, which only cgroup v2 asks for.
        Need.elsewhere("libvirtd", "SYS_ADMIN", "nsenter --target 1 --cgroup true"),
        Need.elsewhere("libvirtd", "SYS_PTRACE", "readlink -v /proc/1/ns/cgroup"),
        // Makes taps.
        Need.of(
            "libvirtd",
            "NET_ADMIN",
            "perl -e 'open(my $tun, \"+<\", \"/dev/net/tun\") or die; my $tap = pack(\"a16 s x22\", \"tried\", 2);"
                + " ioctl($tun, 0x400454ca, $tap) or die \"$!\\n\"'"),
        // Gives a guest's disks and sockets to its QEMU's user, looks after them, and ends it.
        Need.of(
            "libvirtd",
            "CHOWN",
            "file=$(mktemp -p /dev/shm) && chown 7 $file; ok=$?; rm $file; exit $ok"),
        Need.of("libvirtd", "DAC_OVERRIDE", "ls $GUEST/sockets"),
        Need.of("libvirtd", "FOWNER", "chmod 700 $GUEST/sockets"),
        Need.of("libvirtd", "KILL", "kill -0 $QEMU"),
        // Makes QEMU that user, with no rights: prctl(PR_CAPBSET_DROP).
        Need.of("libvirtd", "SETUID", "setpriv --reuid 1879048193 true"),
        Need.of("libvirtd", "SETGID", "setpriv --regid 1879048193 --clear-groups true"),
        Need.of("libvirtd", "SETPCAP", "perl -e 'syscall(157, 24, 0) == 0 or die \"$!\\n\"'"),
        // Makes /dev/kvm, where there is one.
        Need.elsewhere("libvirtd", "MKNOD", "mknod /dev/shm/tried c 10 232 && rm /dev/shm/tried"));
  }

  static Stream<Need> needsHere() {
    return needs().filter(Need::here);
  }

  private static DaemonSet original;
  private static Host host;
  private static long agent;
  private static long libvirtd;
  private static String variables;

  @BeforeAll
  static void aGuest(Lab lab, Hosts hosts) {
    original = daemonSet(lab);
    host = hosts.on(NODE);
    lab.apply(guest("living"));
    lab.awaitRunning("living");
    agent = host.agentPid();
    libvirtd = host.libvirtdPid();
    variables =
        "KEEPER=%d QEMU=%d LIBVIRTD=%d GUEST=%s; "
            .formatted(
                host.keeperOf(lab, "living"),
                host.qemuOf(lab, "living"),
                libvirtd,
                directory(lab, "living"));
  }

  @AfterAll
  static void clear(Lab lab) {
    lab.clear();
  }

  @Test
  void theListsNameWhatIsTriedHereAndNothingElse() {
    for (var container : original.getSpec().getTemplate().getSpec().getContainers()) {
      var capabilities = container.getSecurityContext().getCapabilities();
      assertThat(capabilities.getDrop()).containsExactly("ALL");
      assertThat(capabilities.getAdd())
          .containsExactlyInAnyOrderElementsOf(listed(container.getName()));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("needs")
  void eachIsNeededForSomethingThatTheContainerDoes(Need need) {
    var all = listed(need.container());
    var with = inContainer(need, all);
    assertThat(with.status()).as("with all: %s", with.err()).isZero();

    var without =
        inContainer(need, all.stream().filter(c -> !c.equals(need.capability())).toList());
    assertThat(without.status()).as(without.out()).isNotZero();
    assertThat(without.err().toLowerCase(Locale.ROOT)).containsAnyOf("not permitted", "denied");
  }

  private static List<String> listed(String container) {
    return needs()
        .filter(need -> need.container().equals(container))
        .map(Need::capability)
        .toList();
  }

  private static Output inContainer(Need need, List<String> capabilities) {
    var place = need.container().equals("agent") ? agent : libvirtd;
    var allowed =
        capabilities.stream()
            .map(capability -> ",+" + capability.toLowerCase(Locale.ROOT))
            .collect(Collectors.joining());
    return host.exec(
        "nsenter",
        "--target",
        Long.toString(place),
        "--mount",
        "--pid",
        "--net",
        "--ipc",
        "--uts",
        "setpriv",
        "--bounding-set=-all" + allowed,
        "--inh-caps=-all",
        "sh",
        "-c",
        variables + need.use());
  }

  @Test
  void aGuestLivesOnANodeWithAllOfThem(Lab lab) {
    assertThat(trouble(lab, "with-all")).isNull();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("needsHere")
  @EnabledIfSystemProperty(named = "walls", matches = "all")
  void noGuestLivesOnANodeWithoutIt(Need need, Lab lab) {
    try {
      replace(lab, need);
      var trouble = renewAgent(lab) ? trouble(lab, "without") : "no node agent gets ready";
      assertThat(trouble).as(need.toString()).isNotNull();
      System.out.printf("%s: %s%n", need, trouble);
    } finally {
      lab.kubectl().run("delete", "vm", "without", "--ignore-not-found", "--wait=false");
      replace(lab, null);
      renewAgent(lab);
      Lab.awaitTrue("all of Bulkhead", () -> Deployment.isComplete(lab.client()));
      lab.delete("vm", "without");
      lab.awaitNoPod("without");
    }
  }

  /// What keeps a guest from starting, answering, powering off, and going away; null for nothing.
  private static String trouble(Lab lab, String vm) {
    lab.apply(guest(vm));
    try {
      var guest = lab.awaitRunning(vm, GUEST_WITHIN);
      Lab.await("its answer")
          .atMost(GUEST_WITHIN)
          .until(() -> lab.get("client-2", guest.url("/")).isPresent());
      var directory = directory(lab, vm);
      guest.tell("/cgi-bin/poweroff");
      lab.awaitVm(vm, "stopped", GUEST_WITHIN, v -> v.getStatus().getPhase() == Phase.Stopped);
      lab.kubectl().run("delete", "vm", vm, "--wait=false").succeeded();
      Lab.await("its files to be gone")
          .atMost(GUEST_WITHIN)
          .until(() -> host.exec("test", "-e", directory).status() != 0);
      return null;
    } catch (AssertionError | ConditionTimeoutException e) {
      var conditions = "jsonpath={.status.conditions[*].message}";
      return e.getMessage().lines().findFirst().orElse("")
          + " "
          + lab.kubectl().run("get", "vm", vm, "--ignore-not-found", "-o", conditions).out();
    }
  }

  /// Whether a new one gets ready.
  private static boolean renewAgent(Lab lab) {
    var old = Deployment.agentPods(lab.client()).stream().filter(CapabilitiesE2E::isHere).toList();
    lab.client().resourceList(old).delete();
    try {
      Lab.await("a new node agent")
          .atMost(AGENT_WITHIN)
          .until(
              () ->
                  Deployment.agentPods(lab.client()).stream()
                      .filter(CapabilitiesE2E::isHere)
                      .filter(pod -> old.stream().noneMatch(o -> uid(o).equals(uid(pod))))
                      .anyMatch(Readiness::isPodReady));
      return true;
    } catch (ConditionTimeoutException e) {
      return false;
    }
  }

  private static boolean isHere(Pod pod) {
    return NODE.equals(pod.getSpec().getNodeName());
  }

  private static String uid(Pod pod) {
    return pod.getMetadata().getUid();
  }

  /// The chart's daemon set, less that capability; null for none. The other node keeps its pod.
  private static void replace(Lab lab, Need without) {
    var changed = new DaemonSetBuilder(daemonSet(lab)).editSpec();
    if (without == null) {
      changed
          .withTemplate(original.getSpec().getTemplate())
          .withUpdateStrategy(original.getSpec().getUpdateStrategy());
    } else {
      changed
          .withNewUpdateStrategy()
          .withType("OnDelete")
          .endUpdateStrategy()
          .editTemplate()
          .editSpec()
          .editMatchingContainer(c -> c.getName().equals(without.container()))
          .withSecurityContext(
              new SecurityContextBuilder(container(without.container()).getSecurityContext())
                  .editCapabilities()
                  .removeFromAdd(without.capability())
                  .endCapabilities()
                  .build())
          .endContainer()
          .endSpec()
          .endTemplate();
    }
    lab.client().resource(changed.endSpec().build()).update();
  }

  private static Container container(String name) {
    return original.getSpec().getTemplate().getSpec().getContainers().stream()
        .filter(container -> container.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static DaemonSet daemonSet(Lab lab) {
    return lab.client()
        .apps()
        .daemonSets()
        .inNamespace(Deployment.NAMESPACE)
        .list()
        .getItems()
        .getFirst();
  }

  private static String directory(Lab lab, String vm) {
    var pod = lab.client().pods().inNamespace(lab.namespace()).withName(vm).get();
    return "/run/bulkhead/guests/" + pod.getMetadata().getUid();
  }

  private static String guest(String name) {
    return Manifests.tinyGuest(
        name,
        Manifests.onNode(NODE),
        "  restartPolicy: Never",
        "  cloudInit: {userData: \"#cloud-config\"}",
        "  disks: [{name: data, empty: {size: 16Mi}}]");
  }
}
