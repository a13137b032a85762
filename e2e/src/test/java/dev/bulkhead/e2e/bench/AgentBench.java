package dev.bulkhead.e2e.bench;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/// The packaged node agent with 1,000 guests that run: libvirtd's test driver has the domains, an
/// API server with nothing behind it the pods. What it takes at rest, and how long after a restart
/// all is right, every guest's wish having changed while it was away.
record AgentBench(int guests) {
  private static final String NODE = "bench-node";
  private static final Path FOLDER = Path.of("target", "bench-node").toAbsolutePath();
  private static final String PREFIX = "bulkhead-bench-";
  private static final Duration STEADY = Duration.ofSeconds(130);

  /// Of the container that plays the pods: networks and taps of their own. It keeps what Docker
  /// gives to all.
  private static final List<String> TO_PLAY_PODS =
      List.of("--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN");

  void run(Report report) {
    LocalProcess.run("rm", "-rf", FOLDER.toString());
    try (var cluster = new BareCluster()) {
      cluster.withoutAdmissionPolicies();
      var node = new NodeBuilder().withNewMetadata().withName(NODE).endMetadata().build();
      cluster.admin().resource(node).create();
      var played = PlayedPods.create(cluster, NODE, FOLDER, guests);
      var reports = new Reports();
      try (var _ =
              cluster
                  .admin()
                  .pods()
                  .inNamespace(PlayedPods.NAMESPACE)
                  .inform(new Timeline.Handler<>(reports::look));
          var keepers = container("keepers", "node-agent", TO_PLAY_PODS, "/bench/keepers");
          var libvirtd =
              container(
                  "libvirtd",
                  "libvirtd",
                  besideKeepers(cluster, "libvirtd"),
                  "libvirtd",
                  "--config",
                  "/bench/libvirtd.conf")) {
        await("the keepers", () -> Files.exists(FOLDER.resolve("made")), keepers);
        await(
            "libvirtd",
            () -> Files.exists(FOLDER.resolve("libvirt").resolve("libvirt-sock")),
            libvirtd);
        measure(report, cluster, played, reports);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void measure(Report report, BareCluster cluster, PlayedPods played, Reports reports) {
    var samples = new LinkedHashMap<String, Object>();
    var began = Instant.now();
    try (var agent = agent(cluster)) {
      var right = reports.await(guests, GuestReport.State.Running, agent);
      report.figure(
          "agent1000_first_right_s",
          seconds(began, right),
          "s",
          "start of the process → %d guests joined and reported".formatted(guests));
      Timeline.pass(Duration.ofSeconds(10));
      var cpu = agent.cpuSeconds();
      var from = Instant.now();
      Timeline.pass(STEADY);
      report.figure(
          "agent1000_cpu_percent",
          100 * (agent.cpuSeconds() - cpu) / seconds(from, Instant.now()),
          "%",
          "of a core, %d guests, at rest".formatted(guests));
      report.figure("agent1000_rss_mib", agent.rssMib(), "MiB", "RSS of it then");
      report.figure("agent1000_peak_rss_mib", agent.peakRssMib(), "MiB", "the most it ever was");
      samples.put("first", reports.seconds(began, GuestReport.State.Running));
    }
    for (var pod : played.pods()) {
      cluster
          .admin()
          .pods()
          .inNamespace(PlayedPods.NAMESPACE)
          .withName(pod.getMetadata().getName())
          .edit(
              now -> {
                now.getMetadata().getAnnotations().put(Contract.POWER_ANNOTATION, "Paused");
                return now;
              });
    }
    var again = Instant.now();
    try (var agent = agent(cluster)) {
      var right = reports.await(guests, GuestReport.State.Paused, agent);
      report.figure(
          "agent1000_restart_right_again_s",
          seconds(again, right),
          "s",
          "start of the process → every guest paused, as asked meanwhile, and reported");
      samples.put("restart", reports.seconds(again, GuestReport.State.Paused));
    }
    report.samples("agent1000", samples);
  }

  private static Container agent(BareCluster cluster) {
    var limit = chartContainer(cluster, "agent").getResources().getLimits().get("memory");
    var options = new ArrayList<>(besideKeepers(cluster, "agent"));
    options.addAll(
        List.of("--memory", Quantity.getAmountInBytes(limit).toBigIntegerExact().toString()));
    var environment = new LinkedHashMap<>(cluster.environmentAsAdmin());
    environment.put("NODE_NAME", NODE);
    environment.put("BULKHEAD_GUESTS", "/bench/guests");
    environment.put("BULKHEAD_CGROUPS", "/bench/cgroup");
    environment.put("BULKHEAD_LIBVIRT_STATUSES", "/bench/libvirt/statuses");
    environment.put("BULKHEAD_LIBVIRT_LOGS", "/bench/log");
    environment.put(
        "BULKHEAD_LIBVIRT_URI", "test+unix:///bench/node.xml?socket=/run/libvirt/libvirt-sock");
    environment.forEach((key, value) -> options.addAll(List.of("-e", key + "=" + value)));
    return container("agent", "node-agent", options);
  }

  /// Options of a container that sees the played pods' processes, and has the capabilities that the
  /// chart gives it and no other.
  private static List<String> besideKeepers(BareCluster cluster, String name) {
    var options = new ArrayList<>(List.of("--pid", "container:" + PREFIX + "keepers"));
    options.addAll(List.of("--cap-drop", "ALL"));
    chartContainer(cluster, name)
        .getSecurityContext()
        .getCapabilities()
        .getAdd()
        .forEach(capability -> options.addAll(List.of("--cap-add", capability)));
    return options;
  }

  private static io.fabric8.kubernetes.api.model.Container chartContainer(
      BareCluster cluster, String name) {
    var yaml = Serialization.asYaml(cluster.chartObject("DaemonSet", "-node-agent"));
    return Serialization.unmarshal(yaml, DaemonSet.class)
        .getSpec()
        .getTemplate()
        .getSpec()
        .getContainers()
        .stream()
        .filter(container -> container.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /// @param command what it runs instead of the image's own program, if anything
  private static Container container(
      String name, String image, List<String> options, String... command) {
    var all = new ArrayList<>(List.of("--security-opt", "seccomp=unconfined"));
    all.addAll(List.of("--security-opt", "apparmor=unconfined", "--device", "/dev/net/tun"));
    all.addAll(List.of("--user", "0", "--pids-limit", "-1", "-v", FOLDER + ":/bench"));
    all.addAll(List.of("-v", FOLDER.resolve("libvirt") + ":/run/libvirt"));
    all.addAll(options);
    if (command.length > 0) {
      all.addAll(List.of("--entrypoint", command[0]));
    }
    all.add("localhost/bulkhead/" + image + ":0.1.0");
    Stream.of(command).skip(1).forEach(all::add);
    return new Container(PREFIX + name, all);
  }

  private static void await(String what, Supplier<Boolean> check, Container container) {
    try {
      Awaitility.await(what).atMost(Duration.ofMinutes(4)).until(check::get);
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      throw new IllegalStateException(what + ":\n" + container.logs(), e);
    }
  }

  private static double seconds(Instant from, Instant to) {
    return Duration.between(from, to).toMillis() / 1000.0;
  }

  /// When each pod's report first had which state.
  private static final class Reports {
    private final Map<GuestReport.State, Map<String, Instant>> seen = new ConcurrentHashMap<>();

    private Map<String, Instant> of(GuestReport.State state) {
      return seen.computeIfAbsent(state, _ -> new ConcurrentHashMap<>());
    }

    /// When the last of them had it.
    Instant await(int count, GuestReport.State state, Container agent) {
      AgentBench.await(count + " reports of " + state, () -> of(state).size() == count, agent);
      return of(state).values().stream().max(Instant::compareTo).orElseThrow();
    }

    List<Double> seconds(Instant from, GuestReport.State state) {
      return of(state).values().stream()
          .map(at -> AgentBench.seconds(from, at))
          .sorted()
          .collect(Collectors.toList());
    }

    private void look(Pod pod) {
      var report = pod.getMetadata().getAnnotations().get(Contract.REPORT_ANNOTATION);
      if (report != null) {
        GuestReport.parse(report)
            .ifPresent(
                said -> of(said.state()).putIfAbsent(pod.getMetadata().getName(), Instant.now()));
      }
    }
  }
}
