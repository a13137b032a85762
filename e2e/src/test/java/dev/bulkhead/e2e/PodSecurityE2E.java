package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// A namespace that enforces the Pod Security Standard "restricted" has VMs as any other has.
@ExtendWith(OnCluster.class)
class PodSecurityE2E {

  @BeforeAll
  static void restrict(Lab lab) {
    lab.kubectl()
        .run("label", "namespace", lab.namespace(), "pod-security.kubernetes.io/enforce=restricted")
        .succeeded();
  }

  /// It has a volume of every kind.
  @Test
  void guestServesWherePodsAreRestricted(Lab lab) {
    lab.apply(
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: init}
        stringData: {userData: "#cloud-config of a secret"}
        """,
        Manifests.tinyGuest(
            "restricted",
            "  disks:",
            "  - {name: root, image: {reference: %s}}".formatted(Manifests.DISK_IMAGE),
            "  - {name: data, empty: {size: 16Mi}}",
            "  cloudInit: {userDataSecret: {name: init}}"));

    var guest = lab.awaitRunning("restricted");

    assertThat(guest.ask("/cgi-bin/user-data")).contains("of a secret");
    assertThat(guest.ask("/cgi-bin/disks").lines())
        .anySatisfy(disk -> assertThat(disk).contains("root"))
        .anySatisfy(disk -> assertThat(disk).contains("data").endsWith(" 16777216"));
  }

  /// Without it, the test above would show nothing.
  @Test
  void podThatAsksForNothingIsRefusedThere(Lab lab) {
    var pod = Manifests.container("careless", lab.firstNode());
    var refused = lab.kubectl().runWithInput(pod, "create", "-f", "-");
    assertThat(refused.exitCode()).isNotZero();
    assertThat(refused.err()).contains("violates PodSecurity \"restricted:latest\"");
  }
}
