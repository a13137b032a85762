package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/// What a guest that has broken out of its QEMU cannot reach on its node (docs/security.md). Each
/// attempt is also made as root, in the same place, and must succeed: so it is the wall that stops
/// it, not a wrong path.
@Isolated("attacks a node")
@ExtendWith(OnCluster.class)
class WallsE2E {
  private static final String NODE = "worker-1";
  private static final String CANARY = "canary-9f2c7e";

  private static Intruder intruder;
  private static Intruder victim;
  private static String victimsDirectory;

  @BeforeAll
  static void twoGuestsOfOneNode(Lab lab, Hosts hosts) {
    lab.apply(
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: init}
        stringData: {userData: "#cloud-config %s"}
        """
            .formatted(CANARY),
        Manifests.tinyGuest("intruder", Manifests.onNode(NODE)),
        Manifests.tinyGuest(
            "victim",
            Manifests.onNode(NODE),
            "  cloudInit: {userDataSecret: {name: init}}",
            "  disks: [{name: data, empty: {size: 16Mi}}]"));
    lab.awaitRunning("intruder");
    lab.awaitRunning("victim");
    var host = hosts.on(NODE);
    intruder = new Intruder(host, host.qemuOf(lab, "intruder"));
    victim = new Intruder(host, host.qemuOf(lab, "victim"));
    victimsDirectory = "/run/bulkhead/guests/" + pod(lab, "victim").getMetadata().getUid();
  }

  @Test
  void everyQemuIsAUserOfItsOwn() {
    assertThat(intruder.user()).isBetween(0x70000000L, 0x7ffffffeL);
    assertThat(victim.user()).isBetween(0x70000000L, 0x7ffffffeL).isNotEqualTo(intruder.user());
  }

  @Test
  void qemuHasNoRightsAndNoWayToGetAny() {
    for (var set : List.of("CapInh", "CapPrm", "CapEff", "CapAmb")) {
      assertThat(intruder.status(set)).as(set).matches("0+");
    }
    assertThat(intruder.status("NoNewPrivs")).isEqualTo("1");
    assertThat(intruder.status("Seccomp")).as("2: a filter is in force").isEqualTo("2");
    var command = intruder.host().sh("tr '\\0' ' ' </proc/" + intruder.qemu() + "/cmdline");
    assertThat(command).contains("-sandbox on", "elevateprivileges=deny", "spawn=deny");
  }

  @Test
  void cannotReachAnotherGuestsFiles() {
    assertOnlyRootCan("ls %s".formatted(victimsDirectory));
    assertOnlyRootCan("head -c 1 %s/volumes/disks/data/disk.raw".formatted(victimsDirectory));
    assertOnlyRootCan("grep -q %s %s/volumes/scratch/seed.iso".formatted(CANARY, victimsDirectory));
    assertOnlyRootCan("head -c 1 %s/console.log".formatted(victimsDirectory));
    assertOnlyRootCan("test -S %s/sockets/serial".formatted(victimsDirectory));
    assertOnlyRootCan("ls /run/bulkhead/guests");
  }

  @Test
  void cannotReachAnotherGuestsProcess() {
    assertOnlyRootCan("kill -0 " + victim.qemu());
    assertOnlyRootCan("head -c 1 /proc/%d/environ".formatted(victim.qemu()));
    assertOnlyRootCan("ls /proc/%d/root/".formatted(victim.qemu()));
    assertOnlyRootCan("ls -l /proc/%d/fd/0".formatted(victim.qemu()));
    assertOnlyRootCan(
        "dd if=/proc/%1$d/mem bs=4096 skip=$((16#$(cut -d- -f1 /proc/%1$d/maps | head -n 1) / 4096)) count=1 status=none | grep -q ."
            .formatted(victim.qemu()));
  }

  @Test
  void cannotReachTheAgentNorItsToken() {
    var agent = intruder.host().agentPid();
    var token = "run/secrets/kubernetes.io/serviceaccount/token";
    assertOnlyRootCan("head -c 1 /proc/%d/root/%s".formatted(agent, token));
    assertOnlyRootCan("kill -0 " + agent);
    assertOnlyRootCan("kill -0 " + intruder.host().libvirtdPid());
  }

  @Test
  void cannotReachTheSocketsOfLibvirtKubeletAndContainerd() {
    assertOnlyRootCan(connect("/run/libvirt/libvirt-sock"));
    assertOnlyRootCan(connect("/proc/1/root/run/containerd/containerd.sock"));
    assertOnlyRootCan(connect("/proc/1/root/var/lib/kubelet/pod-resources/kubelet.sock"));
  }

  @Test
  void cannotSpeakOnAnyNetwork(Lab lab) {
    var service = lab.client().services().inNamespace("default").withName("kubernetes").get();
    var node = lab.client().nodes().withName(NODE).get().getStatus().getAddresses().getFirst();
    var container = pod(lab, "client-2").getStatus().getPodIP();
    assertOnlyRootCan(": </dev/tcp/%s/443".formatted(service.getSpec().getClusterIP()));
    assertOnlyRootCan(": </dev/tcp/%s/10250".formatted(node.getAddress()));
    assertOnlyRootCan(": </dev/tcp/%s/80".formatted(container));
    assertOnlyRootCan(": </dev/tcp/127.0.0.1/9000");
  }

  @Test
  void canOpenNoDeviceThatHoldsAnything() {
    var harmless = List.of("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts/ptmx");
    var opened =
        intruder.run(
            """
            find /dev \\( -type b -o -type c \\) | while read -r device; do
              if (: <"$device") 2>/dev/null || (: >"$device") 2>/dev/null; then echo "${device#/dev/}"; fi
            done
            """);
    assertThat(opened.out().lines()).contains("null").isSubsetOf(harmless);
    assertOnlyRootCan("ls /host/dev");
  }

  @Test
  void canWriteNowhereButInItsOwnPlaces(Lab lab) {
    var own = "/run/bulkhead/guests/" + pod(lab, "intruder").getMetadata().getUid();
    var found =
        intruder.run(
            """
            find / -path /proc -prune -o -writable \\( -type d -o -type f -o -type b -o -type s \\) -print 2>/dev/null
            find %s/sockets -writable 2>/dev/null
            """
                .formatted(own));
    assertThat(found.out().lines()).contains(own + "/sockets", own + "/sockets/serial");
    assertThat(found.out().lines().filter(path -> !path.startsWith(own)))
        .allMatch(
            path ->
                path.matches("/var/lib/libvirt/qemu/(channel/target/)?domain-\\d+-.*intruder.*")
                    || List.of("/tmp", "/var/tmp", "/run/lock", "/dev/shm", "/dev/mqueue")
                        .contains(path));
  }

  @Test
  void cannotLeaveItsCgroupNorReadWhatTheAgentRemembers() {
    assertOnlyRootCan("find /host/cgroup -maxdepth 2 -name cgroup.procs -writable | grep -q .");
    assertOnlyRootCan("ls /var/log/libvirt/qemu");
  }

  private static void assertOnlyRootCan(String script) {
    var root = intruder.runAsRoot(script);
    assertThat(root.status()).as("as root, %s: %s", script, root.err()).isZero();
    var attempt = intruder.run(script);
    assertThat(attempt.status()).as("%s: %s", script, attempt.out()).isNotZero();
  }

  private static String connect(String socket) {
    return "perl -MIO::Socket::UNIX -e 'exit(IO::Socket::UNIX->new(Peer => $ARGV[0]) ? 0 : 1)' "
        + socket;
  }

  private static Pod pod(Lab lab, String name) {
    return lab.client().pods().inNamespace(lab.namespace()).withName(name).get();
  }
}
