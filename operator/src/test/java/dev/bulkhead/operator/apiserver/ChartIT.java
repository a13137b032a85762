package dev.bulkhead.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChartIT {

  @Test
  void lintsWithoutComplaint() {
    assertThat(Chart.lint()).contains("0 chart(s) failed").doesNotContain("[WARNING]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "emulation=always",
        "cpuAllocationRatio=0",
        "cpuAllocationRatio=many",
        "logLevel=LOUD",
        "image.pullPolicy=Sometimes",
        "image.registry=",
        "operator.replicas=0",
        "nodeAgent.colour=red",
        "typo=1",
      })
  void refusesValuesThatAreWrong(String value) {
    assertThatThrownBy(() -> Chart.template("--set", value))
        .hasMessageContaining("values don't meet the specifications of the schema");
  }

  @ParameterizedTest
  @CsvSource({
    "cpuAllocationRatio=3, operator, BULKHEAD_CPU_ALLOCATION_RATIO, 3",
    "image.registry=example.com/b, operator, BULKHEAD_KEEPER_IMAGE, example.com/b/keeper:0.1.0",
    "image.tag=v9, operator, BULKHEAD_KEEPER_IMAGE, localhost/bulkhead/keeper:v9",
    "logLevel=DEBUG, operator, QUARKUS_LOG_LEVEL, DEBUG",
    "logLevel=DEBUG, agent, QUARKUS_LOG_LEVEL, DEBUG",
    "emulation=never, agent, BULKHEAD_EMULATION, never",
  })
  void handsItsValuesToTheProgram(
      String value, String container, String variable, String expected) {
    assertThat(container(container, "--set", value).getEnv())
        .filteredOn(env -> env.getName().equals(variable))
        .extracting(EnvVar::getValue)
        .containsExactly(expected);
  }

  @Test
  void allImagesComeFromTheGivenRegistry() {
    assertThat(Chart.template("--set", "image.registry=example.com/b").lines())
        .filteredOn(line -> line.strip().startsWith("image: ") && line.contains("0.1.0"))
        .hasSize(4)
        .allMatch(line -> line.contains("image: example.com/b/"));
  }

  @Test
  void theOperatorMeetsTheRestrictedPodSecurityStandard() {
    var pod = operator();
    var security = container("operator").getSecurityContext();
    assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
    assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
    assertThat(security.getAllowPrivilegeEscalation()).isFalse();
    assertThat(security.getCapabilities().getDrop()).containsExactly("ALL");
    assertThat(security.getReadOnlyRootFilesystem()).isTrue();
  }

  @Test
  void theNodeAgentIsNotPrivilegedAndHasNoHostNetwork() {
    assertThat(nodeAgent().getHostNetwork()).isNull();
    for (var container : nodeAgent().getContainers()) {
      assertThat(container.getSecurityContext().getPrivileged()).isFalse();
      assertThat(container.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
    }
  }

  @Test
  void nothingStaysInTheContainersOfTheNodeAgent() {
    assertThat(nodeAgent().getContainers())
        .hasSize(2)
        .allSatisfy(
            container ->
                assertThat(container.getSecurityContext().getReadOnlyRootFilesystem())
                    .as(container.getName())
                    .isTrue());
  }

  @Test
  void uninstallKeepsTheCrdAndSoEveryVm() {
    assertThat(Chart.render())
        .filteredOn(object -> object.getKind().equals("CustomResourceDefinition"))
        .singleElement()
        .satisfies(
            crd ->
                assertThat(crd.getMetadata().getAnnotations())
                    .containsEntry("helm.sh/resource-policy", "keep"));
  }

  @Test
  void everyObjectButTheCrdIsLabelledAsThisReleases() {
    assertThat(Chart.render())
        .filteredOn(object -> !object.getKind().equals("CustomResourceDefinition"))
        .allSatisfy(
            object ->
                assertThat(object.getMetadata().getLabels())
                    .containsKeys("app.kubernetes.io/component", "helm.sh/chart"));
  }

  @ParameterizedTest
  @CsvSource({"view, get list watch", "edit, create delete deletecollection patch update"})
  void whoMayEditPodsMayEditMachines(String role, String verbs) {
    assertThat(Chart.render())
        .filteredOn(
            object ->
                object.getMetadata().getLabels() != null
                    && object
                        .getMetadata()
                        .getLabels()
                        .containsKey("rbac.authorization.k8s.io/aggregate-to-" + role))
        .singleElement()
        .satisfies(
            clusterRole ->
                assertThat(Serialization.asYaml(clusterRole))
                    .contains("virtualmachines")
                    .contains(verbs.split(" "))
                    .doesNotContain("virtualmachines/status"));
  }

  private static Container container(String name, String... options) {
    return Stream.of(operator(options), nodeAgent(options))
        .flatMap(pod -> pod.getContainers().stream())
        .filter(container -> container.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static PodSpec operator(String... options) {
    return object(Deployment.class, options).getSpec().getTemplate().getSpec();
  }

  private static PodSpec nodeAgent(String... options) {
    return object(DaemonSet.class, options).getSpec().getTemplate().getSpec();
  }

  private static <T extends HasMetadata> T object(Class<T> type, String... options) {
    return Chart.render(options).stream()
        .filter(object -> object.getKind().equals(type.getSimpleName()))
        .findFirst()
        .map(object -> Serialization.unmarshal(Serialization.asYaml(object), type))
        .orElseThrow();
  }
}
