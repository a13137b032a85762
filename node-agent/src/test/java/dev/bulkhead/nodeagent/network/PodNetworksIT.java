package dev.bulkhead.nodeagent.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.bulkhead.nodeagent.domain.Specs;
import dev.bulkhead.nodeagent.keeper.Keeper;
import dev.bulkhead.nodeagent.linux.Command;
import dev.bulkhead.nodeagent.linux.Namespaced;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// With real network namespaces and a real DHCP client (BusyBox): one namespace stands for the
/// cluster, one is the pod's, one stands for the guest, joined to the pod by a veth pair in place
/// of the tap.
class PodNetworksIT {
  private static final Link LINK = Link.of(Specs.POD, "vm");

  /// BusyBox' udhcpc calls this for what it was told.
  private static final String DHCP_SCRIPT =
      """
      #!/bin/sh
      [ "$1" = bound ] || exit 0
      ip addr add "$ip/$mask" dev "$interface"
      ip link set "$interface" mtu "$mtu"
      ip route add default via "$router"
      echo "bound $ip/$mask router=$router dns=$dns search=$search mtu=$mtu hostname=$hostname"
      """;

  @TempDir Path node;
  private Namespaced cluster;
  private Namespaced pod;
  private Namespaced guest;
  private Keeper keeper;
  private Path script;
  private final PodNetworks networks = new PodNetworks();
  private final List<Process> servers = new ArrayList<>();

  @BeforeEach
  void aPodInAClusterAndAGuestBesideIt() throws IOException {
    cluster = Namespaced.start("--net", "ip link set lo up");
    pod = Namespaced.start("--net", "ip link set lo up");
    guest = Namespaced.start("--net", "ip link set lo up");
    sh(
        "ip link add eth0 mtu 1400 netns %d type veth peer name eth0 mtu 1400 netns %d",
        pod, cluster);
    pod.inNetwork("sh", "-c", "ip addr add 10.9.0.2/24 dev eth0; ip link set eth0 up");
    pod.inNetwork("ip", "route", "add", "default", "via", "10.9.0.1");
    cluster.inNetwork("sh", "-c", "ip addr add 10.9.0.1/24 dev eth0; ip link set eth0 up");
    Command.run(
        "sh",
        "-euc",
        "ip link add %s type veth peer name eth0 address %s netns %d; nsenter --net=/proc/%d/ns/net ip link set eth0 up"
            .formatted(LINK.tap(), LINK.mac(), guest.pid(), guest.pid()));
    Files.createDirectories(node.resolve("root/etc"));
    Files.writeString(
        node.resolve("root/etc/resolv.conf"),
        "search shop.svc cluster.local\nnameserver 10.96.0.10\n");
    keeper = new Keeper(Specs.POD, pod.pid(), node.resolve("root"), List.of());
    script = Files.writeString(node.resolve("dhcp"), DHCP_SCRIPT);
    assertThat(script.toFile().setExecutable(true)).isTrue();
  }

  @AfterEach
  void endAll() throws IOException {
    servers.forEach(Process::destroyForcibly);
    networks.close();
    guest.close();
    pod.close();
    cluster.close();
  }

  @Test
  void tellsTheGuestAllOfItsNetwork() throws IOException {
    networks.join(keeper, LINK, "web", null);

    assertThat(dhcp())
        .contains(
            "bound 10.0.2.2/24 router=10.0.2.1 dns=10.96.0.10 search=shop.svc cluster.local"
                + " mtu=1400 hostname=web");
  }

  @Test
  void answersAClientThatAsksForBroadcasts() throws IOException {
    networks.join(keeper, LINK, "web", null);

    assertThat(dhcp("-B")).contains("bound 10.0.2.2");
  }

  @Test
  void theGuestAnswersAtThePodsAddressAndCallsFromIt() throws IOException {
    networks.join(keeper, LINK, "web", null);
    assertThat(dhcp()).contains("bound");

    serve(guest, "from the guest");
    serve(cluster, "from the cluster");

    await().untilAsserted(() -> assertThat(get(cluster, "10.9.0.2")).contains("from the guest"));
    await().untilAsserted(() -> assertThat(get(guest, "10.9.0.1")).contains("from the cluster"));
  }

  @Test
  void joiningAgainChangesNothingForTheGuest() throws IOException {
    networks.join(keeper, LINK, "web", null);
    assertThat(dhcp()).contains("bound");
    serve(guest, "still here");

    networks.join(keeper, LINK, "web", null);

    await().untilAsserted(() -> assertThat(get(cluster, "10.9.0.2")).contains("still here"));
    assertThat(dhcp()).contains("bound");
  }

  /// 16 MiB at 4 MiB/s, of which 4.25 MiB may pass at once: 2.9 s and what TCP loses.
  @Test
  void limitHoldsInBothDirections() throws IOException {
    networks.join(keeper, LINK, "web", 4L << 20);
    assertThat(dhcp()).contains("bound");
    serveBytes(guest, 16 << 20);
    serveBytes(cluster, 16 << 20);

    assertThat(secondsToFetch(cluster, "10.9.0.2")).isBetween(2.8, 12.0);
    assertThat(secondsToFetch(guest, "10.9.0.1")).isBetween(2.8, 12.0);

    networks.join(keeper, LINK, "web", null);
    assertThat(secondsToFetch(cluster, "10.9.0.2")).isLessThan(2);
  }

  @Test
  void nobodyElseInTheClusterIsGivenAddresses() throws IOException {
    networks.join(keeper, LINK, "web", null);

    assertThat(
            cluster.inNetwork(
                "busybox",
                "udhcpc",
                "-i",
                "eth0",
                "-n",
                "-q",
                "-f",
                "-t",
                "2",
                "-T",
                "1",
                "-s",
                script.toString()))
        .doesNotContain("bound");
  }

  private String dhcp(String... more) {
    var command =
        new ArrayList<>(
            List.of(
                "busybox",
                "udhcpc",
                "-i",
                "eth0",
                "-n",
                "-q",
                "-f",
                "-t",
                "10",
                "-T",
                "1",
                "-O",
                "search",
                "-O",
                "mtu",
                "-s",
                script.toString()));
    command.addAll(List.of(more));
    return guest.inNetwork(command.toArray(String[]::new));
  }

  private void serve(Namespaced where, String words) throws IOException {
    var folder = Files.createTempDirectory(node, "www");
    Files.writeString(folder.resolve("index.html"), words);
    servers.add(
        where.startInNetwork("busybox", "httpd", "-f", "-p", "80", "-h", folder.toString()));
  }

  private void serveBytes(Namespaced where, int bytes) throws IOException {
    serve(where, "x".repeat(bytes));
    await().until(() -> !get(where, "127.0.0.1").isEmpty());
  }

  private static double secondsToFetch(Namespaced from, String address) {
    var start = System.nanoTime();
    var count =
        from.inNetwork(
            "sh", "-c", "timeout 60 busybox wget -q -O - http://" + address + " | wc -c");
    assertThat(count.strip()).isEqualTo(Integer.toString(16 << 20));
    return (System.nanoTime() - start) / 1e9;
  }

  private static String get(Namespaced from, String address) {
    return from.inNetwork("timeout", "5", "busybox", "wget", "-q", "-O", "-", "http://" + address);
  }

  private static void sh(String command, Namespaced a, Namespaced b) throws IOException {
    Command.run("sh", "-euc", command.formatted(a.pid(), b.pid()));
  }
}
