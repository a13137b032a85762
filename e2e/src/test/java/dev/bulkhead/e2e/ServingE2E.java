package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// A guest is reachable, and reaches others, exactly as a container is and does.
@ExtendWith(OnCluster.class)
class ServingE2E {
  private static Guest web;
  private static Guest peer;

  @BeforeAll
  static void twoGuestsOnTwoNodes(Lab lab) {
    lab.apply(
        Manifests.tinyGuest("web", Manifests.onNode(lab.firstNode())),
        Manifests.service("web"),
        Manifests.tinyGuest("peer", Manifests.onNode(lab.secondNode())),
        Manifests.service("peer"),
        Manifests.service("client-1"),
        Manifests.service("client-2"));
    web = lab.awaitRunning("web");
    peer = lab.awaitRunning("peer");
  }

  @Test
  void runningGuestHasTheAddressOfItsPod(Lab lab) {
    var pod = lab.client().pods().inNamespace(lab.namespace()).withName("web").get();
    assertThat(web.ip()).isEqualTo(pod.getStatus().getPodIP());
    assertThat(web.node()).isEqualTo(lab.firstNode());
  }

  @Test
  void answersAtItsPodsAddressFromBothNodes(Lab lab) {
    assertThat(lab.awaitGet("client-1", web.url("/"))).contains("web");
    assertThat(lab.awaitGet("client-2", web.url("/"))).contains("web");
  }

  @Test
  void answersThroughItsServicesNameFromContainersOnBothNodes(Lab lab) {
    assertThat(lab.awaitGet("client-1", "http://web/")).contains("web");
    assertThat(lab.awaitGet("client-2", "http://web." + lab.namespace() + ".svc.cluster.local/"))
        .contains("web");
  }

  @Test
  void answersAnotherGuestOnAnotherNodeThroughItsService() {
    awaitFetch(peer, "http://web/", "web");
    awaitFetch(web, "http://peer/", "peer");
  }

  @Test
  void callsContainersOnBothNodesThroughClusterDns() {
    awaitFetch(web, "http://client-1/", "container client-1");
    awaitFetch(web, "http://client-2/", "container client-2");
  }

  @Test
  void serviceSendsNothingToAGuestThatIsPaused(Lab lab) {
    lab.patch("peer", "{\"spec\":{\"power\":\"Paused\"}}");
    Lab.awaitTrue("no endpoint of a paused guest", () -> readyEndpoints(lab, "peer").isEmpty());
    lab.patch("peer", "{\"spec\":{\"power\":\"Running\"}}");
    Lab.awaitTrue(
        "the endpoint of a resumed guest",
        () -> readyEndpoints(lab, "peer").equals(java.util.List.of(peer.ip())));
    peer.awaitAnswer();
  }

  /// A Service answers once every node's kube-proxy has heard of its endpoint.
  private static void awaitFetch(Guest from, String url, String words) {
    Lab.awaitTrue(
        from.name() + " to read '" + words + "' at " + url,
        () -> from.ask("/cgi-bin/fetch?" + url).contains(words));
  }

  private static java.util.List<String> readyEndpoints(Lab lab, String service) {
    return lab
        .client()
        .discovery()
        .v1()
        .endpointSlices()
        .inNamespace(lab.namespace())
        .withLabel("kubernetes.io/service-name", service)
        .list()
        .getItems()
        .stream()
        .flatMap(slice -> slice.getEndpoints().stream())
        .filter(endpoint -> Boolean.TRUE.equals(endpoint.getConditions().getReady()))
        .flatMap(endpoint -> endpoint.getAddresses().stream())
        .toList();
  }
}
