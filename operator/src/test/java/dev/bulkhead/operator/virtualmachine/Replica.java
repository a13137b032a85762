package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.operator.apiserver.ApiServer;
import dev.bulkhead.operator.apiserver.Ports;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// One process of the packaged operator.
record Replica(Process process, int managementPort, Path log) {
  private static final Path APP = Path.of("target", "quarkus-app", "quarkus-run.jar");

  static Replica start(String name) throws IOException {
    return start(name, Map.of());
  }

  /// @param environment more of it, or other than usual
  static Replica start(String name, Map<String, String> environment) throws IOException {
    if (!Files.exists(APP)) {
      throw new IllegalStateException(APP + " is missing: run 'mvn -pl operator package'");
    }
    var managementPort = Ports.free();
    var log = Path.of("target", name + ".log");
    var builder =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xmx256m",
                "-jar",
                APP.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().putAll(ApiServer.get().environment(ApiServer.OPERATOR));
    builder.environment().put("POD_NAME", name);
    builder.environment().put("POD_NAMESPACE", ApiServer.RELEASE_NAMESPACE);
    builder.environment().put("QUARKUS_HTTP_PORT", Integer.toString(Ports.free()));
    builder.environment().put("QUARKUS_MANAGEMENT_PORT", Integer.toString(managementPort));
    builder.environment().putAll(environment);
    var process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    return new Replica(process, managementPort, log);
  }

  /// The name of the replica that holds the lease; empty for none.
  static String leader(KubernetesClient client) {
    var lease =
        client
            .leases()
            .inNamespace(ApiServer.RELEASE_NAMESPACE)
            .withName("bulkhead-operator")
            .get();
    return lease == null || lease.getSpec().getHolderIdentity() == null
        ? ""
        : lease.getSpec().getHolderIdentity();
  }

  boolean isReady() {
    return get("/q/health/ready").contains("\"status\": \"UP\"");
  }

  /// Empty while it does not answer.
  String get(String path) {
    try (var http = HttpClient.newHttpClient()) {
      return http.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + managementPort + path))
                  .build(),
              BodyHandlers.ofString())
          .body();
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  void kill() {
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
