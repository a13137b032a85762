package dev.bulkhead.e2e.bench;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/// etcd and an API server of their own with the chart's objects in them, and nothing behind: no
/// scheduler, no kubelet. Both processes end with it.
final class BareCluster implements AutoCloseable {
  static final String RELEASE_NAMESPACE = "bulkhead-system";
  private static final String TOKEN = "admin-of-this-bench-only";

  private final Path dir = Files.createTempDirectory("bench-apiserver");
  private final List<Process> processes = new ArrayList<>();
  private final int port = freePort();

  /// Containers of this machine reach it too.
  private final String address =
      NetworkInterface.getByName("docker0")
          .inetAddresses()
          .filter(Inet4Address.class::isInstance)
          .map(InetAddress::getHostAddress)
          .findFirst()
          .orElseThrow();

  private final KubernetesClient admin;
  private final List<GenericKubernetesResource> chart;

  BareCluster() throws IOException {
    Files.writeString(dir.resolve("tokens.csv"), TOKEN + ",admin,admin,system:masters\n");
    LocalProcess.run("openssl", "genrsa", "-out", dir.resolve("sa.key").toString(), "2048");
    var etcd = startEtcd();
    startApiServer(etcd);
    admin =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder(Config.empty())
                    .withMasterUrl(url())
                    .withTrustCerts(true)
                    .withOauthToken(TOKEN)
                    .build())
            .build();
    await("the API server", () -> "ok".equals(admin.raw("/readyz")));
    chart = renderChart();
    createNamespace(RELEASE_NAMESPACE);
    chart.forEach(object -> admin.resource(object).serverSideApply());
  }

  KubernetesClient admin() {
    return admin;
  }

  /// What the chart has for that kind and name's end.
  GenericKubernetesResource chartObject(String kind, String nameEnd) {
    return chart.stream()
        .filter(object -> object.getKind().equals(kind))
        .filter(object -> object.getMetadata().getName().endsWith(nameEnd))
        .findFirst()
        .orElseThrow();
  }

  void createNamespace(String name) {
    admin
        .resource(new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build())
        .create();
  }

  /// Lets administrators write what is otherwise the operator's and the agents' alone.
  void withoutAdmissionPolicies() {
    chart.stream()
        .filter(object -> object.getKind().equals("ValidatingAdmissionPolicyBinding"))
        .forEach(object -> admin.resource(object).delete());
  }

  Map<String, String> environmentAsAdmin() {
    return Map.of(
        "KUBERNETES_MASTER",
        url(),
        "KUBERNETES_TRUST_CERTIFICATES",
        "true",
        "KUBERNETES_AUTH_TOKEN",
        TOKEN);
  }

  /// Environment of a process that reaches this server with a service account's rights.
  Map<String, String> environmentAs(String serviceAccount) {
    return Map.of(
        "KUBERNETES_MASTER",
        url(),
        "KUBERNETES_TRUST_CERTIFICATES",
        "true",
        "KUBERNETES_AUTH_TOKEN",
        TOKEN,
        "KUBERNETES_IMPERSONATE_USERNAME",
        "system:serviceaccount:" + RELEASE_NAMESPACE + ":" + serviceAccount);
  }

  private String url() {
    return "https://" + address + ":" + port;
  }

  private String startEtcd() throws IOException {
    var clients = "http://127.0.0.1:" + freePort();
    var peers = "http://127.0.0.1:" + freePort();
    start(
        "etcd",
        tool("etcd", "etcd"),
        "--data-dir=" + dir.resolve("etcd"),
        "--unsafe-no-fsync",
        "--listen-client-urls=" + clients,
        "--advertise-client-urls=" + clients,
        "--listen-peer-urls=" + peers,
        "--initial-advertise-peer-urls=" + peers,
        "--initial-cluster=default=" + peers);
    return clients;
  }

  private void startApiServer(String etcd) throws IOException {
    start(
        "kube-apiserver",
        tool("kubernetes", "kube-apiserver"),
        "--etcd-servers=" + etcd,
        "--bind-address=" + address,
        "--secure-port=" + port,
        "--cert-dir=" + dir.resolve("certs"),
        "--token-auth-file=" + dir.resolve("tokens.csv"),
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-key-file=" + dir.resolve("sa.key"),
        "--service-account-signing-key-file=" + dir.resolve("sa.key"),
        "--service-cluster-ip-range=10.96.0.0/24",
        // Needs a controller that makes a service account for every namespace.
        "--disable-admission-plugins=ServiceAccount",
        "--profiling=false");
  }

  private void start(String name, String... command) throws IOException {
    var process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(dir.resolve(name + ".log").toFile())
            .start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    processes.add(process);
  }

  private static List<GenericKubernetesResource> renderChart() {
    var text =
        LocalProcess.run(
            tool("helm", "helm"),
            "template",
            "bulkhead",
            "../helm/bulkhead",
            "--namespace=" + RELEASE_NAMESPACE,
            "--kube-version=1.37.0");
    return Arrays.stream(text.split("(?m)^---$", -1))
        .filter(document -> document.contains("kind:"))
        .map(document -> Serialization.unmarshal(document, GenericKubernetesResource.class))
        .toList();
  }

  private static String tool(String component, String name) {
    var cache = System.getenv("BULKHEAD_CACHE");
    var tools =
        Path.of(
            cache == null ? System.getProperty("user.home") + "/.cache/bulkhead" : cache, "tools");
    return tools.resolve(component).resolve("bin").resolve(name).toString();
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  static void await(String what, java.util.concurrent.Callable<Boolean> check) {
    Awaitility.await(what)
        .atMost(Duration.ofSeconds(90))
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptions()
        .until(check);
  }

  @Override
  public void close() {
    admin.close();
    for (var process : processes.reversed()) {
      process.destroyForcibly();
      try {
        process.waitFor(10, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    LocalProcess.run("rm", "-rf", dir.toString());
  }
}
