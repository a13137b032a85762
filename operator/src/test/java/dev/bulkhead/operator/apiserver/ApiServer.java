package dev.bulkhead.operator.apiserver;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.VirtualMachine;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// A real kube-apiserver with a real etcd, and nothing behind them: tests play scheduler, kubelet
/// and node agent. One per JVM, started by its first use; both processes end with the JVM.
public final class ApiServer {
  public static final String RELEASE_NAMESPACE = "bulkhead-system";
  public static final String OPERATOR = "system:serviceaccount:bulkhead-system:bulkhead-operator";
  public static final String NODE_AGENT =
      "system:serviceaccount:bulkhead-system:bulkhead-node-agent";

  private static final String ADMIN_TOKEN = "admin-of-this-test-only";
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final AtomicInteger NAMESPACES = new AtomicInteger();
  private static ApiServer instance;

  private final Path dir;
  private final int port = Ports.free();
  private final int etcdPort = Ports.free();
  private final int etcdPeerPort = Ports.free();
  private Process apiserver;

  private ApiServer() throws IOException {
    dir = Path.of("target", "apiserver");
    deleteRecursively(dir);
    Files.createDirectories(dir);
    Files.writeString(dir.resolve("tokens.csv"), ADMIN_TOKEN + ",admin,admin,system:masters\n");
    Files.writeString(dir.resolve("sa.key"), privateKey());
    Files.writeString(
        dir.resolve("audit.yaml"),
        """
        apiVersion: audit.k8s.io/v1
        kind: Policy
        omitStages: [RequestReceived]
        rules: [{level: Metadata}]
        """);
    startEtcd();
    startApiserver();
    installChart();
  }

  /// With the chart's CRDs, rights and admission policies installed.
  public static synchronized ApiServer get() {
    if (instance == null) {
      try {
        instance = new ApiServer();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return instance;
  }

  public KubernetesClient admin() {
    return client(config().build());
  }

  /// With exactly the rights that the chart gives that service account.
  public KubernetesClient as(String serviceAccount) {
    return client(impersonating(serviceAccount).build());
  }

  /// As the agent of a node: the API server puts the node into the claims of a pod's token.
  public KubernetesClient asNodeAgentOf(String node) {
    return client(
        impersonating(NODE_AGENT)
            .withImpersonateExtras(
                Map.of("authentication.kubernetes.io%2Fnode-name", List.of(node)))
            .build());
  }

  public String newNamespace() {
    var name = "test-" + NAMESPACES.incrementAndGet();
    try (var client = admin()) {
      client
          .resource(new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build())
          .create();
    }
    return name;
  }

  /// Environment of a process that is to reach this server with a service account's rights.
  public Map<String, String> environment(String serviceAccount) {
    return Map.of(
        "KUBERNETES_MASTER",
        url(),
        "KUBERNETES_TRUST_CERTIFICATES",
        "true",
        "KUBERNETES_AUTH_TOKEN",
        ADMIN_TOKEN,
        "KUBERNETES_IMPERSONATE_USERNAME",
        serviceAccount);
  }

  /// The requests that were made with the rights of a service account, in order.
  public List<JsonNode> requestsOf(String serviceAccount) {
    try (var lines = Files.lines(dir.resolve("audit.log"))) {
      return lines
          .map(line -> Serialization.unmarshal(line, JsonNode.class))
          .filter(e -> e.at("/impersonatedUser/username").asText().equals(serviceAccount))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public void kill() {
    stop(apiserver);
  }

  public void startAgain() throws IOException {
    startApiserver();
  }

  private static KubernetesClient client(Config config) {
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  private ConfigBuilder impersonating(String serviceAccount) {
    return config()
        .withImpersonateUsername(serviceAccount)
        .withImpersonateGroups("system:serviceaccounts", "system:authenticated");
  }

  private ConfigBuilder config() {
    return new ConfigBuilder(Config.empty())
        .withMasterUrl(url())
        .withTrustCerts(true)
        .withOauthToken(ADMIN_TOKEN);
  }

  public String url() {
    return "https://127.0.0.1:" + port;
  }

  private void startEtcd() throws IOException {
    start(
        "etcd",
        Tools.binary("etcd", "etcd"),
        "--data-dir=" + dir.resolve("etcd"),
        "--unsafe-no-fsync",
        "--listen-client-urls=http://127.0.0.1:" + etcdPort,
        "--advertise-client-urls=http://127.0.0.1:" + etcdPort,
        "--listen-peer-urls=http://127.0.0.1:" + etcdPeerPort,
        "--initial-advertise-peer-urls=http://127.0.0.1:" + etcdPeerPort,
        "--initial-cluster=default=http://127.0.0.1:" + etcdPeerPort);
  }

  private void startApiserver() throws IOException {
    apiserver =
        start(
            "kube-apiserver",
            Tools.binary("kubernetes", "kube-apiserver"),
            "--etcd-servers=http://127.0.0.1:" + etcdPort,
            "--bind-address=127.0.0.1",
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
            "--audit-policy-file=" + dir.resolve("audit.yaml"),
            "--audit-log-path=" + dir.resolve("audit.log"));
    awaitReady();
  }

  private Process start(String name, String... command) throws IOException {
    var process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(dir.resolve(name + ".log").toFile()))
            .start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(process)));
    return process;
  }

  private static void stop(Process process) {
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitReady() {
    try (var client = admin()) {
      await("kube-apiserver, which logs to " + dir)
          .atMost(START_LIMIT)
          .pollDelay(Duration.ZERO)
          .ignoreExceptions()
          .failFast(() -> !apiserver.isAlive())
          .until(() -> client.raw("/readyz").equals("ok"));
    }
  }

  private void installChart() {
    try (var client = admin()) {
      client
          .resource(
              new NamespaceBuilder()
                  .withNewMetadata()
                  .withName(RELEASE_NAMESPACE)
                  .endMetadata()
                  .build())
          .create();
      Chart.render().forEach(object -> client.resource(object).serverSideApply());
      awaitEnforced(client);
    }
  }

  /// The API server takes a moment to load CRDs and admission policies.
  private static void awaitEnforced(KubernetesClient client) {
    await("CRD")
        .ignoreExceptions()
        .until(() -> client.resources(VirtualMachine.class).list() != null);
    var pod =
        new PodBuilder()
            .withNewMetadata()
            .withName("probe")
            .withNamespace("default")
            .addToLabels(Contract.VM_LABEL, "probe")
            .endMetadata()
            .withNewSpec()
            .addNewContainer()
            .withName("probe")
            .withImage("probe")
            .endContainer()
            .endSpec()
            .build();
    await("admission policies")
        .until(
            () -> {
              try {
                client.resource(pod).dryRun().create();
                return false;
              } catch (KubernetesClientException e) {
                return e.getCode() == HttpURLConnection.HTTP_FORBIDDEN;
              }
            });
  }

  private static void deleteRecursively(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (var files = Files.walk(path)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static String privateKey() {
    try {
      var generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      var encoder = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));
      return "-----BEGIN PRIVATE KEY-----\n"
          + encoder.encodeToString(generator.generateKeyPair().getPrivate().getEncoded())
          + "\n-----END PRIVATE KEY-----\n";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
