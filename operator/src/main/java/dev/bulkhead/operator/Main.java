package dev.bulkhead.operator;

import dev.bulkhead.operator.uninstall.Uninstall;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;

/// One program, two uses: the operator or, with the argument `uninstall`, the check before
/// `helm uninstall`, which runs once and ends. The argument after it is the command that takes an
/// uninstall back.
@QuarkusMain
public final class Main {
  private Main() {}

  public static void main(String... args) {
    if (args.length == 2 && args[0].equals("uninstall")) {
      try (var client = new KubernetesClientBuilder().build()) {
        System.exit(Uninstall.run(client, args[1], System.out));
      }
    }
    Quarkus.run(args);
  }
}
