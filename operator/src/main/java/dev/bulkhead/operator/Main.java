package dev.bulkhead.operator;

import dev.bulkhead.operator.uninstall.Uninstall;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.util.List;

/// One program, two uses: the operator or, with the argument `uninstall`, the check before
/// `helm uninstall`, which runs once and ends.
@QuarkusMain
public final class Main {
  private Main() {}

  public static void main(String... args) {
    if (List.of(args).equals(List.of("uninstall"))) {
      try (var client = new KubernetesClientBuilder().build()) {
        System.exit(Uninstall.run(client, System.out));
      }
    }
    Quarkus.run(args);
  }
}
