package dev.bulkhead.nodeagent.apiserver;

import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// A real kube-apiserver on a real etcd, as `make tools` built them, with nothing else: the test
/// plays scheduler and kubelet. One for all tests; it ends with the JVM. What an agent *may* write
/// is tested where the chart is, in the operator's module.
public final class BareApiServer {
  private static final String TOKEN = "admin-of-this-test-only";
  private static BareApiServer instance;

  private final int port = freePort();

  private BareApiServer() {
    try {
      var folder = Files.createTempDirectory(Path.of("target"), "apiserver");
      int etcd = freePort();
      int peers = freePort();
      run(
          folder,
          "etcd/bin/etcd",
          "--data-dir=" + folder.resolve("etcd"),
          "--unsafe-no-fsync",
          "--listen-client-urls=http://127.0.0.1:" + etcd,
          "--advertise-client-urls=http://127.0.0.1:" + etcd,
          "--listen-peer-urls=http://127.0.0.1:" + peers,
          "--initial-advertise-peer-urls=http://127.0.0.1:" + peers,
          "--initial-cluster=default=http://127.0.0.1:" + peers);
      var key = Files.writeString(folder.resolve("sa.key"), privateKey());
      run(
          folder,
          "kubernetes/bin/kube-apiserver",
          "--etcd-servers=http://127.0.0.1:" + etcd,
          "--bind-address=127.0.0.1",
          "--secure-port=" + port,
          "--cert-dir=" + folder.resolve("certs"),
          "--token-auth-file="
              + Files.writeString(folder.resolve("tokens"), TOKEN + ",admin,admin,system:masters"),
          "--authorization-mode=RBAC",
          "--service-account-issuer=https://kubernetes.default.svc",
          "--service-account-key-file=" + key,
          "--service-account-signing-key-file=" + key,
          "--service-cluster-ip-range=10.96.0.0/24",
          // Needs a controller that makes a service account for every namespace.
          "--disable-admission-plugins=ServiceAccount");
      try (var client = client()) {
        await("kube-apiserver, logs in " + folder)
            .atMost(Duration.ofSeconds(60))
            .ignoreExceptions()
            .until(() -> client.namespaces().withName("default").get() != null);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static synchronized KubernetesClient connect() {
    if (instance == null) {
      instance = new BareApiServer();
    }
    return instance.client();
  }

  /// A way to it that can be cut; connect first.
  public static synchronized Link link() {
    return new Link(instance.port);
  }

  public static synchronized KubernetesClient connect(Link link) {
    return instance.client(link.port());
  }

  private KubernetesClient client() {
    return client(port);
  }

  private KubernetesClient client(int through) {
    return new KubernetesClientBuilder()
        .withConfig(
            new ConfigBuilder(Config.empty())
                .withMasterUrl("https://127.0.0.1:" + through)
                .withTrustCerts(true)
                .withOauthToken(TOKEN)
                .build())
        .build();
  }

  private static void run(Path folder, String binary, String... arguments) throws IOException {
    var cache = System.getenv("BULKHEAD_CACHE");
    var tools =
        (cache == null
                ? Path.of(System.getProperty("user.home"), ".cache/bulkhead")
                : Path.of(cache))
            .resolve("tools");
    var command = new ArrayList<String>();
    command.add(tools.resolve(binary).toString());
    command.addAll(List.of(arguments));
    var process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(Path.of(binary).getFileName() + ".log").toFile())
            .start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
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
