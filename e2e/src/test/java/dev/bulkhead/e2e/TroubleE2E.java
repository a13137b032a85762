package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/// A world that is not as the manifest assumes: said within 15 s, in words, as a condition and an
/// Event; and once it is repaired, the VM runs without any other act.
@Isolated("freezes components and fills a node")
@ExtendWith(OnCluster.class)
class TroubleE2E {
  private static final Duration SAID_WITHIN = Duration.ofSeconds(15);

  /// Kubelet tries a failed mount again after at most 2 min 2 s (exponential back-off of
  /// pkg/util/goroutinemap), so a repair may take that long to be seen.
  private static final Duration REPAIRED_WITHIN = Duration.ofMinutes(3);

  @AfterEach
  void clear(Lab lab) {
    lab.clear();
  }

  @Test
  void noCapacityIsSaidAndCuredByANodeThatFits(Lab lab) {
    lab.apply(Manifests.tinyGuest("huge", "  nodeSelector: {bulkhead.dev/e2e-room: \"yes\"}"));
    assertSaid(lab, "huge", "Scheduled", "Unschedulable", "node");
    try {
      lab.kubectl().run("label", "node", lab.firstNode(), "bulkhead.dev/e2e-room=yes").succeeded();
      assertRuns(lab, "huge");
    } finally {
      lab.kubectl().run("label", "node", lab.firstNode(), "bulkhead.dev/e2e-room-").succeeded();
    }
  }

  @Test
  void moreMemoryThanAnyNodeHasIsUnschedulable(Lab lab) {
    lab.apply(
        Manifests.virtualMachine(
            "glutton",
            "  cpu: {cores: 1}\n  memory: {size: 2Ti}\n" + Manifests.kernel("/boot/vmlinuz")));
    assertSaid(lab, "glutton", "Scheduled", "Unschedulable", "memory");
  }

  @Test
  void exceededQuotaIsSaidAndCuredByMoreQuota(Lab lab) {
    lab.apply(
        """
        apiVersion: v1
        kind: ResourceQuota
        metadata: {name: tight}
        spec: {hard: {requests.memory: 64Mi}}
        """);
    Lab.awaitTrue(
        "the quota to be in force",
        () ->
            lab.client()
                    .resourceQuotas()
                    .inNamespace(lab.namespace())
                    .withName("tight")
                    .get()
                    .getStatus()
                    .getHard()
                != null);
    lab.apply(Manifests.tinyGuest("squeezed"));
    assertSaid(lab, "squeezed", "Scheduled", "QuotaExceeded", "tight");
    lab.kubectl()
        .run(
            "patch",
            "resourcequota",
            "tight",
            "--type=merge",
            "-p",
            "{\"spec\":{\"hard\":{\"requests.memory\":\"4Gi\"}}}")
        .succeeded();
    assertRuns(lab, "squeezed");
  }

  @Test
  void missingSecretIsSaidAndCuredByCreatingIt(Lab lab) {
    lab.apply(
        Manifests.tinyGuest("keyless", "  cloudInit: {userDataSecret: {name: keyless-init}}"));
    assertSaid(lab, "keyless", "Running", "VolumeUnavailable", "keyless-init");
    lab.kubectl()
        .run("create", "secret", "generic", "keyless-init", "--from-literal=userData=#cloud-config")
        .succeeded();
    assertRuns(lab, "keyless");
  }

  @Test
  void missingImageIsSaidAndCuredByBringingIt(Lab lab, Hosts hosts) {
    var image = "localhost/bulkhead/brought-later:1";
    lab.apply(
        Manifests.virtualMachine(
            "imageless",
            Manifests.onNode("worker-1")
                + """

                  cpu: {cores: 1}
                  memory: {size: 96Mi}
                  kernel: {image: "%s", initrdPath: /boot/initrd.img, args: console=ttyS0}
                """
                    .formatted(image)));
    try {
      assertSaid(lab, "imageless", "Running", "ImageUnavailable", image);
      hosts.on("worker-1").tagImage(Manifests.TINY_KERNEL, image);
      lab.awaitRunning("imageless", REPAIRED_WITHIN);
    } finally {
      hosts.on("worker-1").removeImage(image);
    }
  }

  @Test
  void imageWithoutAKernelIsSaidAndCuredByARightPath(Lab lab) {
    lab.apply(
        Manifests.virtualMachine(
            "kernelless",
            "  cpu: {cores: 1}\n  memory: {size: 96Mi}\n" + Manifests.kernel("/boot/nowhere")));
    assertSaid(lab, "kernelless", "Running", "StartFailed", "/boot/nowhere");
    lab.patch("kernelless", "{\"spec\":{\"kernel\":{\"path\":\"/boot/vmlinuz\"}}}");
    assertRuns(lab, "kernelless");
  }

  @Test
  void diskImageThatIsNoneIsSaid(Lab lab) {
    lab.apply(
        Manifests.virtualMachine(
            "garbage",
            """
              cpu: {cores: 1}
              memory: {size: 96Mi}
              disks:
              - {name: root, image: {reference: %s}}
            """
                .formatted(Manifests.BROKEN_IMAGE)));
    assertSaid(lab, "garbage", "Running", "StartFailed", "root");
  }

  /// The agent is held until the pod's container runs, because the container runtime needs the same
  /// room. A guest that runs there already does not.
  @Test
  void fullNodeIsSaidAndCuredByRoomAndItsGuestsDoNotNotice(Lab lab, Hosts hosts) throws Exception {
    var node = hosts.on("worker-1");
    lab.apply(Manifests.tinyGuest("rock", Manifests.onNode(node.name())));
    try (var rock = new Untouched(lab, hosts, "rock")) {
      var agent = Component.NODE_AGENT.find(lab, hosts, node.name());
      agent.freeze();
      try {
        lab.apply(Manifests.tinyGuest("cramped", Manifests.onNode(node.name())));
        lab.awaitKeeper("cramped");
        try (var _ = node.fillState()) {
          agent.thaw();
          assertSaid(lab, "cramped", "Running", "StartDelayed", "No space left on device");
          rock.assertUntouched();
          assertThat(Lab.condition(lab.vm("rock").get(), "Ready").getStatus()).isEqualTo("True");
        }
        assertRuns(lab, "cramped");
        assertThat(lab.vm("cramped").get().getStatus().getRestarts()).isNull();
        rock.assertUntouchedAndObeying();
        assertThat(lab.vm("rock").get().getStatus().getRestarts()).isNull();
      } finally {
        agent.thaw();
      }
    }
  }

  @Test
  void podOfAnotherOwnerUnderTheSameNameIsLeftAloneAndSaid(Lab lab) {
    lab.apply(Manifests.container("taken", lab.firstNode()));
    lab.apply(Manifests.tinyGuest("taken"));
    assertSaid(lab, "taken", "Scheduled", "NameTaken", "taken");
    lab.delete("pod", "taken");
    assertRuns(lab, "taken");
  }

  private static void assertSaid(
      Lab lab, String vm, String type, String reason, String messagePart) {
    var said = lab.awaitCondition(vm, type, "False", reason, SAID_WITHIN);
    assertThat(Lab.condition(said, type).getMessage()).contains(messagePart);
    assertThat(Lab.condition(said, "Ready").getStatus()).isEqualTo("False");
    Lab.awaitTrue(
        "an Event on " + vm + " with reason " + reason,
        () ->
            lab.eventsOf(vm).stream()
                .anyMatch(
                    event ->
                        reason.equals(event.getReason())
                            && "Warning".equals(event.getType())
                            && event.getMessage().contains(messagePart)));
  }

  private static void assertRuns(Lab lab, String vm) {
    lab.awaitRunning(vm, REPAIRED_WITHIN);
  }
}
