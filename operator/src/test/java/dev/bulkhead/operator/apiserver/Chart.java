package dev.bulkhead.operator.apiserver;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The chart, as Helm renders it.
public final class Chart {
  private static final String KUBERNETES = "1.37.0";

  private Chart() {}

  /// Its objects, in the order of the templates.
  ///
  /// @param options of `helm template`, such as `--set` and a value
  public static List<GenericKubernetesResource> render(String... options) {
    return Arrays.stream(template(options).split("(?m)^---$"))
        .filter(document -> document.contains("kind:"))
        .map(document -> Serialization.unmarshal(document, GenericKubernetesResource.class))
        .toList();
  }

  public static String template(String... options) {
    var command =
        new ArrayList<>(
            List.of(
                Tools.binary("helm", "helm"),
                "template",
                "bulkhead",
                "../helm/bulkhead",
                "--namespace=" + ApiServer.RELEASE_NAMESPACE,
                "--kube-version=" + KUBERNETES));
    command.addAll(Arrays.asList(options));
    return run(command);
  }

  static String lint() {
    return run(List.of(Tools.binary("helm", "helm"), "lint", "../helm/bulkhead"));
  }

  private static String run(List<String> command) {
    try {
      var process = new ProcessBuilder(command).redirectErrorStream(true).start();
      var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException(String.join(" ", command) + "\n" + output);
      }
      return output;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
