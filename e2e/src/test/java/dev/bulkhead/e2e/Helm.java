package dev.bulkhead.e2e;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The real helm, and Bulkhead's release as an administrator has it.
public record Helm(String kubeconfig) {
  private static final String RELEASE = "bulkhead";
  private static final String CHART = "../helm/bulkhead";

  public static Helm of(Lab lab) {
    return new Helm(lab.kubectl().kubeconfig());
  }

  /// `helm VERB bulkhead`, which waits until all of it is done.
  Kubectl.Result run(String verb, String... options) {
    var command = new ArrayList<>(List.of("helm", verb, RELEASE));
    command.addAll(Arrays.asList(options));
    command.addAll(List.of("--namespace", Deployment.NAMESPACE, "--wait", "--timeout=110s"));
    return Kubectl.process(kubeconfig, "", command);
  }

  public void upgrade(String... values) {
    var options = new ArrayList<>(List.of(CHART, "--reuse-values"));
    for (var value : values) {
      options.addAll(List.of("--set", value));
    }
    run("upgrade", options.toArray(String[]::new)).succeeded();
  }

  public void rollback(int revision) {
    run("rollback", Integer.toString(revision)).succeeded();
  }

  /// The release's present revision.
  public int revision() {
    return release().orElseThrow().path("version").asInt();
  }

  /// Back from an uninstall that was refused or cut off.
  void takeBackUninstall() {
    release()
        .filter(release -> release.at("/info/status").asText().equals("uninstalling"))
        .ifPresent(release -> rollback(release.path("version").asInt()));
  }

  private Optional<JsonNode> release() {
    var command =
        List.of("helm", "status", RELEASE, "--namespace", Deployment.NAMESPACE, "-o", "json");
    var status = Kubectl.process(kubeconfig, "", command);
    if (status.all().contains("release: not found")) {
      return Optional.empty();
    }
    try {
      return Optional.of(new ObjectMapper().readTree(status.succeeded().out()));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /// As `make chart` does, which also waits.
  void install() {
    Kubectl.process(kubeconfig, "", List.of("../scripts/install-chart.sh")).succeeded();
  }
}
