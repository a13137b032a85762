package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// What a person, and a GitOps tool, see through kubectl.
@ExtendWith(OnCluster.class)
class KubectlE2E {
  private static final String VM =
      Manifests.tinyGuest("calm", "  terminationGracePeriodSeconds: 20");

  @AfterEach
  void clear(Lab lab) {
    lab.clear();
  }

  @Test
  void diffIsEmptyThroughAWholeLife(Lab lab) {
    lab.apply(VM);
    assertNoDiff(lab);
    lab.awaitRunning("calm");
    assertNoDiff(lab);
    var stopped = VM.replace("spec:\n", "spec:\n  power: Stopped\n");
    lab.apply(stopped);
    lab.awaitPhase("calm", Phase.Stopped);
    assertThat(diff(lab, stopped).exitCode()).isZero();
    lab.apply(VM);
    lab.awaitRunning("calm");
    assertNoDiff(lab);
  }

  @Test
  void twoFieldManagersShareOneVm(Lab lab) {
    lab.kubectl()
        .runWithInput(VM, "apply", "--server-side", "--field-manager=team-a", "-f", "-")
        .succeeded();
    var label =
        """
        apiVersion: bulkhead.dev/v1alpha1
        kind: VirtualMachine
        metadata: {name: calm, labels: {cost-centre: "42"}}
        """;
    lab.kubectl()
        .runWithInput(label, "apply", "--server-side", "--field-manager=team-b", "-f", "-")
        .succeeded();
    lab.awaitRunning("calm");
    lab.kubectl()
        .runWithInput(
            VM.replace("cores: 1", "cores: 2"),
            "apply",
            "--server-side",
            "--field-manager=team-a",
            "-f",
            "-")
        .succeeded();
    var spec = lab.vm("calm").get();
    assertThat(spec.getSpec().getCpu().getCores()).isEqualTo(2);
    assertThat(spec.getMetadata().getLabels()).containsEntry("cost-centre", "42");
  }

  @Test
  void wideListingTellsWhereAndHow(Lab lab) {
    lab.apply(VM);
    var guest = lab.awaitRunning("calm");
    var listing = lab.kubectl().run("get", "vm", "-o", "wide").succeeded().out();
    var header = listing.lines().findFirst().orElseThrow().strip().split(" {2,}");
    assertThat(header)
        .containsExactly(
            "NAME",
            "STATUS",
            "READY",
            "NODE",
            "IP",
            "CPU",
            "MEMORY",
            "AGE",
            "RESTARTS",
            "REASON",
            "DEVICES");
    var row = listing.lines().skip(1).findFirst().orElseThrow();
    assertThat(row).contains("calm", "Running", "True", guest.node(), guest.ip(), "96Mi");
  }

  @Test
  void describeTellsTheStory(Lab lab) {
    lab.apply(VM);
    lab.awaitRunning("calm");
    Lab.awaitTrue(
        "the start among the events of kubectl describe",
        () -> {
          var story = lab.kubectl().run("describe", "vm", "calm").succeeded().out();
          return story.contains("Events:")
              && story.contains("Running")
              && story.contains("Conditions:");
        });
  }

  @Test
  void explainDocumentsEveryField(Lab lab) {
    var spec = lab.kubectl().run("explain", "vm.spec", "--recursive").succeeded().out();
    assertThat(spec).contains("power", "restartPolicy", "bootOrder", "userDataSecret");
    assertThat(lab.kubectl().run("explain", "vm.spec.restartPolicy").succeeded().out())
        .contains("Always")
        .contains("reboot");
    assertThat(lab.kubectl().run("explain", "vm.spec.cpu.model").succeeded().out())
        .contains("HostModel");
  }

  private static void assertNoDiff(Lab lab) {
    var diff = diff(lab, VM);
    assertThat(diff.exitCode()).as(diff.all()).isZero();
    assertThat(diff.out()).isEmpty();
  }

  private static Kubectl.Result diff(Lab lab, String manifest) {
    return lab.kubectl().runWithInput(manifest, "diff", "-f", "-");
  }
}
