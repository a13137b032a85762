package dev.bulkhead.e2e;

import dev.bulkhead.e2e.bed.Bed;
import dev.bulkhead.e2e.bed.Evidence;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/// Gives a test class a namespace of its own on the one cluster (`Lab`) and the way into its
/// machines (`Hosts`). A test that fails leaves a folder `evidence/<class>.<test>` behind, taken
/// before anything is cleaned up.
public final class OnCluster
    implements ExecutionCondition,
        BeforeAllCallback,
        AfterAllCallback,
        AfterTestExecutionCallback,
        ParameterResolver {
  private static final ExtensionContext.Namespace STORE =
      ExtensionContext.Namespace.create(OnCluster.class);

  private record Cluster(Bed bed, KubernetesClient client) implements AutoCloseable {
    @Override
    public void close() {
      client.close();
    }
  }

  /// On a cluster of one's own there is no way into the machines.
  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    var methods =
        context
            .getTestMethod()
            .map(Stream::of)
            .orElseGet(
                () ->
                    Arrays.stream(context.getRequiredTestClass().getDeclaredMethods())
                        .filter(method -> method.isAnnotationPresent(BeforeAll.class)));
    var looksInside =
        methods.anyMatch(method -> List.of(method.getParameterTypes()).contains(Hosts.class));
    return looksInside && System.getenv("E2E_KUBECONFIG") != null
        ? ConditionEvaluationResult.disabled("looks inside the nodes, which only the bed allows")
        : ConditionEvaluationResult.enabled("needs the API alone, or has the bed");
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    var cluster = cluster(context);
    var namespace =
        "e2e-"
            + context
                .getRequiredTestClass()
                .getSimpleName()
                .toLowerCase(Locale.ROOT)
                .replaceAll("e2e$", "");
    var lab = new Lab(cluster.client(), namespace, cluster.bed().kubeconfig().toString());
    renewNamespace(cluster.client(), namespace);
    lab.apply(
        Manifests.container("client-1", lab.firstNode()),
        Manifests.container("client-2", lab.secondNode()));
    lab.kubectl()
        .run("wait", "--for=condition=Ready", "pod/client-1", "pod/client-2", "--timeout=60s")
        .succeeded();
    context.getStore(STORE).put(Lab.class, lab);
  }

  /// A namespace left by a run that was cut off is emptied first.
  private static void renewNamespace(KubernetesClient client, String namespace) {
    client.namespaces().withName(namespace).withTimeout(2, TimeUnit.MINUTES).delete();
    client
        .namespaces()
        .resource(
            new NamespaceBuilder().withNewMetadata().withName(namespace).endMetadata().build())
        .create();
    client
        .serviceAccounts()
        .inNamespace(namespace)
        .withName("default")
        .waitUntilCondition(account -> account != null, 30, TimeUnit.SECONDS);
  }

  @Override
  public void afterTestExecution(ExtensionContext context) {
    if (context.getExecutionException().isEmpty()) {
      return;
    }
    var name =
        context.getRequiredTestClass().getSimpleName()
            + "."
            + context.getRequiredTestMethod().getName()
            + context.getDisplayName().replaceAll("[^A-Za-z0-9]+", "-");
    var folder = Path.of("evidence", name.substring(0, Math.min(name.length(), 120)));
    Evidence.collect(cluster(context).bed(), folder);
    context.publishReportEntry("evidence", folder.toAbsolutePath().toString());
  }

  @Override
  public void afterAll(ExtensionContext context) {
    lab(context).close();
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    var type = parameter.getParameter().getType();
    return type == Lab.class || type == Hosts.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Lab.class
        ? lab(context)
        : new Hosts(cluster(context).bed());
  }

  private static Lab lab(ExtensionContext context) {
    return context.getStore(STORE).get(Lab.class, Lab.class);
  }

  /// One for all test classes of the JVM.
  private static Cluster cluster(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(STORE)
        .computeIfAbsent(
            Cluster.class,
            _ -> {
              var bed = Bed.up();
              return new Cluster(bed, bed.client());
            },
            Cluster.class);
  }
}
