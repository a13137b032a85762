package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Text that means something to XML, to a shell or to QEMU means nothing here: it arrives in the
/// guest as it was written. (Manifests that are refused are tested on the API server alone, by
/// `ManifestsIT` in crds.)
@ExtendWith(OnCluster.class)
class LiteralTextE2E {
  private static final String NASTY =
      "a='<b>&\\\"$(touch /tmp/injected)`id`;|]]>,file=/etc/passwd %s ${HOME} ä";

  @AfterEach
  void clear(Lab lab) {
    lab.clear();
  }

  @Test
  void kernelArgumentsArriveLiterally(Lab lab, Hosts hosts) {
    var vm =
        Manifests.tinyGuest("literal")
            .replace("quiet panic=-1", "quiet panic=-1 nasty=<x>&amp;$(id)`id`;|,file=/x]]>");
    lab.apply(vm);
    var guest = lab.awaitRunning("literal");
    assertThat(guest.ask("/cgi-bin/cmdline")).contains("nasty=<x>&amp;$(id)`id`;|,file=/x]]>");
    assertThat(hosts.on(guest.node()).sh("ls /tmp")).doesNotContain("injected");
  }

  @Test
  void userDataArrivesLiterally(Lab lab) {
    lab.apply(
        Manifests.tinyGuest(
            "literal", "  cloudInit:", "    userData: |-", "      " + NASTY.replace("\n", " ")));
    assertThat(lab.awaitRunning("literal").ask("/cgi-bin/user-data")).isEqualTo(NASTY);
  }

  @Test
  void nameOf63CharactersRunsAndIsTheGuestsHostName(Lab lab) {
    var name = "n" + "0123456789".repeat(6) + "-z";
    assertThat(name).hasSize(63);
    lab.apply(Manifests.tinyGuest(name));
    assertThat(lab.awaitRunning(name).ask("/")).contains(name);
  }

  @Test
  void largestInlineUserDataArrivesWhole(Lab lab) {
    lab.apply(Manifests.tinyGuest("large", "  cloudInit:", "    userData: " + "x".repeat(32_768)));
    assertThat(lab.awaitRunning("large").ask("/cgi-bin/user-data")).hasSize(32_768);
  }

  @Test
  void secretUserDataArrivesAndIsSeenNowhereElse(Lab lab, Hosts hosts) {
    var canary = "canary-3f9d1c";
    lab.kubectl()
        .run("create", "secret", "generic", "whisper", "--from-literal=userData=" + canary)
        .succeeded();
    lab.apply(Manifests.tinyGuest("hush", "  cloudInit: {userDataSecret: {name: whisper}}"));
    var guest = lab.awaitRunning("hush");
    assertThat(guest.ask("/cgi-bin/user-data")).isEqualTo(canary);
    assertThat(lab.kubectl().run("get", "vm,pod,events", "-o", "yaml").succeeded().out())
        .doesNotContain(canary);
    for (var pod : Deployment.agentPods(lab.client())) {
      for (var container : pod.getSpec().getContainers()) {
        assertThat(lab.client().pods().resource(pod).inContainer(container.getName()).getLog())
            .doesNotContain(canary);
      }
    }
    assertThat(hosts.on(guest.node()).sh("cat /proc/[0-9]*/cmdline | tr '\\0' ' '"))
        .doesNotContain(canary);
    assertThat(
            hosts
                .on(guest.node())
                .sh("grep -rl " + canary + " /run/bulkhead/libvirt /var/lib/bulkhead || true"))
        .isBlank();
  }
}
