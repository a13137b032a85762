package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/// User data given as a Secret is seen by its guest and nobody else: a canary in it is searched for
/// wherever anything of Kubernetes or Bulkhead is kept, shown or written down, in the life of a
/// guest, after a failed start, and after its end. Each search also finds something that is there.
@ExtendWith(OnCluster.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecretE2E {
  private static final String NODE = "worker-1";
  private static final String CANARY = "canary-9f2c7e";

  /// Finds no process that searches for it.
  private static final String PATTERN = "[c]" + CANARY.substring(1);

  private Guest guest;

  @BeforeAll
  void aGuestWithASecretAndOneThatCannotStart(Lab lab) {
    lab.apply(
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: init}
        stringData: {userData: "#cloud-config %s"}
        """
            .formatted(CANARY),
        Manifests.tinyGuest(
            "keeps", Manifests.onNode(NODE), "  cloudInit: {userDataSecret: {name: init}}"),
        Manifests.tinyGuest(
                "fails", Manifests.onNode(NODE), "  cloudInit: {userDataSecret: {name: init}}")
            .replace("/boot/vmlinuz", "/boot/none"));
    guest = lab.awaitRunning("keeps");
    lab.awaitVm("fails", "without a kernel", vm -> vm.getStatus().getPhase() == Phase.Failed);
    assertThat(guest.ask("/cgi-bin/user-data")).contains(CANARY);
  }

  @AfterAll
  void clear(Lab lab) {
    lab.clear();
  }

  /// Spec, status, annotations, events: all of every object that is no Secret.
  @Test
  void noObjectHasIt(Lab lab) {
    var kinds =
        lab.kubectl()
            .run("api-resources", "--verbs=list", "-o", "name")
            .succeeded()
            .out()
            .lines()
            .filter(kind -> !List.of("secrets", "componentstatuses").contains(kind))
            .collect(Collectors.joining(","));
    var objects = lab.kubectl().run("get", kinds, "-A", "-o", "yaml").succeeded().out();
    assertThat(objects).contains("kind: Event", "kind: VirtualMachine", "userDataSecret");
    assertThat(objects.lines().filter(line -> line.contains(CANARY))).isEmpty();
  }

  @Test
  void noLogHasIt(Lab lab) {
    for (var pod : Deployment.pods(lab.client())) {
      var name = pod.getMetadata().getName();
      var logs = lab.kubectl().run("logs", "-n", Deployment.NAMESPACE, name, "--all-containers");
      assertThat(logs.succeeded().all()).as(name).isNotBlank().doesNotContain(CANARY);
    }
    assertThat(lab.kubectl().run("logs", "keeps").succeeded().all()).doesNotContain(CANARY);
  }

  @Test
  void noProcessIsStartedWithIt(Hosts hosts, Lab lab) {
    for (var host : all(hosts)) {
      var found =
          host.sh(
              "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -a -e '%s' -e guest= -e ^PATH= || true"
                  .formatted(PATTERN));
      assertThat(found).as(host.name()).contains("PATH=").doesNotContain(CANARY);
    }
    assertThat(hosts.on(NODE).qemusOf(lab, "keeps")).hasSize(1);
  }

  /// libvirt keeps the XML of a domain that runs, with all that virsh dumpxml --security-info
  /// shows, where this looks.
  @Test
  void noFileOfANodeHasItButTheMountedSecretAndTheGuestsOwnDisk(Lab lab, Hosts hosts) {
    for (var host : all(hosts)) {
      var allowed = "^$";
      if (host.name().equals(NODE)) {
        var xml = "/run/bulkhead/libvirt/qemu/" + lab.namespace() + ".keeps.xml";
        assertThat(host.sh("cat " + xml)).contains("seed.iso").doesNotContain(CANARY);
        allowed =
            "/var/lib/kubelet/pods/[^/]+/volumes/kubernetes.io~(secret/user-data/.*|empty-dir/scratch/seed.iso)";
      }
      assertThat(filesWithIt(host))
          .as(host.name())
          .allMatch(Pattern.compile(allowed).asMatchPredicate());
    }
    var seed = hosts.on(NODE).volume(lab, "keeps", "scratch") + "/seed.iso";
    assertThat(filesWithIt(hosts.on(NODE))).contains(seed);
    assertThat(hosts.on(NODE).sh("stat -c '%a %u' " + seed).strip()).matches("600 [1-9]\\d{8,}");
  }

  @Test
  void nothingOfItIsLeftWhenTheGuestIsGone(Lab lab, Hosts hosts) {
    var vm = "goes";
    lab.apply(
        Manifests.tinyGuest(
            vm, Manifests.onNode(NODE), "  cloudInit: {userDataSecret: {name: init}}"));
    lab.awaitRunning(vm);
    var volumes = hosts.on(NODE).volume(lab, vm, "scratch").replaceAll("/volumes/.*", "");
    assertThat(filesWithIt(hosts.on(NODE))).anyMatch(file -> file.startsWith(volumes));

    lab.delete("vm", vm);

    Lab.awaitTrue(
        "no file with it",
        () -> filesWithIt(hosts.on(NODE)).stream().noneMatch(file -> file.startsWith(volumes)));
  }

  private static List<Host> all(Hosts hosts) {
    return Stream.concat(hosts.workers(), Stream.of(hosts.controlPlane())).toList();
  }

  /// Those of etcd aside, where the Secret itself is.
  private static List<String> filesWithIt(Host host) {
    return host.sh(
            "grep -rlas -D skip --exclude-dir=etcd '%s' /etc /root /run /tmp /var/lib/bulkhead /var/lib/kubelet /var/log /var/tmp || true"
                .formatted(PATTERN))
        .lines()
        .toList();
  }
}
