package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/// `helm upgrade` to a release whose every image is another, and `helm rollback`: guests go on, and
/// the release in charge is obeyed.
@Isolated("replaces Bulkhead")
@ExtendWith(OnCluster.class)
class UpgradeE2E {
  private static final String NEXT = "next";

  private int installed;
  private NextRelease next;

  @BeforeEach
  void makeTheNextRelease(Lab lab, Hosts hosts) {
    installed = Helm.of(lab).revision();
    next = NextRelease.make(hosts, NEXT);
  }

  @AfterEach
  void goBack(Lab lab, Hosts hosts) {
    lab.clear();
    if (runningTags(lab).contains(NEXT)) {
      Helm.of(lab).rollback(installed);
    }
    next.remove();
  }

  @Test
  void guestsDoNotNoticeAnUpgradeOfEveryImageNorItsRollback(Lab lab, Hosts hosts) {
    var helm = Helm.of(lab);
    lab.apply(
        Manifests.tinyGuest("rock-1", Manifests.onNode("worker-1")),
        Manifests.tinyGuest("rock-2", Manifests.onNode("worker-2")));
    try (var watch = new QemuWatch(hosts);
        var rock1 = new Untouched(lab, hosts, "rock-1");
        var rock2 = new Untouched(lab, hosts, "rock-2")) {
      var keeper = keeperImage(lab, "rock-1");

      helm.upgrade("image.tag=" + NEXT);
      assertThat(runningTags(lab)).as("tags of all containers of ours").containsOnly(NEXT);
      rock1.assertUntouchedAndObeying();
      rock2.assertUntouchedAndObeying();
      assertThat(keeperImage(lab, "rock-1")).isEqualTo(keeper);

      lab.apply(Manifests.tinyGuest("young", Manifests.onNode("worker-1")));
      try (var young = new Untouched(lab, hosts, "young")) {
        assertThat(keeperImage(lab, "young")).as("the keeper of a new VM").isNotEqualTo(keeper);

        helm.rollback(installed);
        assertThat(runningTags(lab)).doesNotContain(NEXT);
        young.assertUntouchedAndObeying();
        rock1.assertUntouchedAndObeying();
        rock2.assertUntouchedAndObeying();
      }
      assertThat(watch.assertNeverTwoOfOneVm()).as("QEMUs that were seen").isEqualTo(3);

      lab.delete("vm", "young", "rock-1");
      lab.awaitNoPod("young");
      lab.awaitNoPod("rock-1");
      assertThat(hosts.qemusOf(lab, "young")).isEmpty();
      assertThat(hosts.qemusOf(lab, "rock-1")).isEmpty();
    }
  }

  private static List<String> runningTags(Lab lab) {
    return Deployment.pods(lab.client()).stream()
        .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
        .flatMap(pod -> pod.getSpec().getContainers().stream())
        .map(container -> container.getImage().replaceFirst(".*:", ""))
        .toList();
  }

  /// By what is in it, whatever its name.
  private static String keeperImage(Lab lab, String vm) {
    return Stream.of(lab.client().pods().inNamespace(lab.namespace()).withName(vm).require())
        .flatMap(pod -> pod.getStatus().getContainerStatuses().stream())
        .map(ContainerStatus::getImageID)
        .findFirst()
        .orElseThrow();
  }
}
