package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bulkhead.operator.apiserver.ApiServer;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FieldValidateable;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Wrong manifests are refused when they are applied, with a message that names the field and what
/// it should be.
class ManifestsIT {
  private static final String GOOD =
      """
      cpu: {cores: 1}
      memory: {size: 64Mi}
      disks:
      - {name: root, image: {reference: "example.com/disk:1"}}
      """;

  private static KubernetesClient client;
  private static String namespace;

  @BeforeAll
  static void connect() {
    client = ApiServer.get().admin();
    namespace = ApiServer.get().newNamespace();
  }

  @AfterAll
  static void disconnect() {
    client.close();
  }

  static Stream<Arguments> wrongSpecs() {
    return Stream.of(
        wrong("no spec at all", "", "spec"),
        wrong("no cpu", without("cpu:"), "spec.cpu"),
        wrong("no memory", without("memory:"), "spec.memory"),
        wrong("nothing to boot", without("disks:", "- {name: root"), "nothing to boot"),
        wrong(
            "disks: []",
            with("disks:", "disks: []").replaceAll("(?m)^- .*\n", ""),
            "nothing to boot"),
        wrong("no cores", with("cpu:", "cpu: {sockets: 2}"), "spec.cpu.cores"),
        wrong("0 cores", with("cpu:", "cpu: {cores: 0}"), "greater than or equal to 1"),
        wrong("-1 cores", with("cpu:", "cpu: {cores: -1}"), "greater than or equal to 1"),
        wrong("10,000 cores", with("cpu:", "cpu: {cores: 10000}"), "less than or equal to 255"),
        wrong("a fraction of a core", with("cpu:", "cpu: {cores: 0.5}"), "integer"),
        wrong("cores in words", with("cpu:", "cpu: {cores: two}"), "integer"),
        wrong(
            "too many vCPUs in all",
            with("cpu:", "cpu: {cores: 64, sockets: 4, threads: 2}"),
            "cores x sockets x threads must be at most 255"),
        wrong(
            "a device without a claim",
            GOOD + "devices: [{name: gpu, claim: {}}]\n",
            "claim needs exactly one of name (a ResourceClaim) and template"),
        wrong(
            "a device with two claims",
            GOOD + "devices: [{name: gpu, claim: {name: a, template: b}}]\n",
            "claim needs exactly one of name (a ResourceClaim) and template"),
        wrong(
            "two devices of one name",
            GOOD + "devices: [{name: a, claim: {name: a}}, {name: a, claim: {name: b}}]\n",
            "two entries of spec.devices have the same name"),
        wrong("9 threads", with("cpu:", "cpu: {cores: 1, threads: 9}"), "less than or equal to 8"),
        wrong(
            "a shell in cpu.model",
            with("cpu:", "cpu: {cores: 1, model: \"a;reboot\"}"),
            "spec.cpu.model"),
        wrong(
            "XML in cpu.model", with("cpu:", "cpu: {cores: 1, model: \"<x/>\"}"), "spec.cpu.model"),
        wrong("1Ki memory", with("memory:", "memory: {size: 1Ki}"), "from 16Mi to 16Ti"),
        wrong("64Ti memory", with("memory:", "memory: {size: 64Ti}"), "from 16Mi to 16Ti"),
        wrong("negative memory", with("memory:", "memory: {size: -1Gi}"), "from 16Mi to 16Ti"),
        wrong("memory in words", with("memory:", "memory: {size: plenty}"), "from 16Mi to 16Ti"),
        wrong("memory as a number", with("memory:", "memory: {size: 536870912}"), "string"),
        wrong("memory as a fraction", with("memory:", "memory: {size: 64000000.5}"), "string"),
        wrong("memory without a size", with("memory:", "memory: {}"), "spec.memory.size"),
        wrong("unknown power", GOOD + "power: On\n", "\"Running\""),
        wrong("power in lower case", GOOD + "power: running\n", "\"Running\""),
        wrong("unknown restart policy", GOOD + "restartPolicy: Sometimes\n", "\"OnFailure\""),
        wrong("unknown firmware", GOOD + "firmware: {type: OpenFirmware}\n", "\"UEFI\""),
        wrong("unknown IOMMU", GOOD + "iommu: AMD\n", "\"Intel\""),
        wrong("unknown bus", disk("{name: root, bus: IDE, empty: {size: 1Gi}}"), "\"SATA\""),
        wrong(
            "two disk sources",
            disk("{name: root, empty: {size: 1Gi}, image: {reference: a}}"),
            "exactly one source: either image or empty"),
        wrong(
            "a disk without source",
            disk("{name: root}"),
            "exactly one source: either image or empty"),
        wrong("a disk without name", disk("{empty: {size: 1Gi}}"), "spec.disks[0].name"),
        wrong(
            "an empty image",
            disk("{name: root, image: {reference: \"\"}}"),
            "spec.disks[0].image.reference"),
        wrong(
            "a relative path", disk("{name: root, image: {reference: a, path: disk.img}}"), "path"),
        wrong(
            "a path out of the image",
            disk("{name: root, image: {reference: a, path: /../etc/shadow}}"),
            "path"),
        wrong(
            "two disks of one name",
            disk("{name: a, empty: {size: 1Gi}}", "{name: a, empty: {size: 1Gi}}"),
            "Duplicate value"),
        wrong(
            "one boot order twice",
            disk(
                "{name: a, bootOrder: 1, empty: {size: 1Gi}}",
                "{name: b, bootOrder: 1, empty: {size: 1Gi}}"),
            "make each number unique"),
        wrong(
            "limits that limit nothing",
            disk("{name: a, empty: {size: 1Gi}, limits: {}}"),
            "at least one of iops and bandwidth"),
        wrong(
            "5 requests per second",
            disk("{name: a, empty: {size: 1Gi}, limits: {iops: 5}}"),
            "greater than or equal to 10"),
        wrong(
            "a disk of one byte per second",
            disk("{name: a, empty: {size: 1Gi}, limits: {bandwidth: \"1\"}}"),
            "from 64Ki to 1Ti"),
        wrong(
            "a bandwidth in words",
            disk("{name: a, empty: {size: 1Gi}, limits: {bandwidth: fast}}"),
            "from 64Ki to 1Ti"),
        wrong(
            "an interface's limits without bandwidth",
            GOOD + "interfaces: [{name: default, pod: {}, limits: {}}]\n",
            "limits.bandwidth"),
        wrong(
            "an interface of 1Ki per second",
            GOOD + "interfaces: [{name: default, pod: {}, limits: {bandwidth: 1Ki}}]\n",
            "from 64Ki to 1Ti"),
        wrong(
            "boot order 0",
            disk("{name: a, bootOrder: 0, empty: {size: 1Gi}}"),
            "greater than or equal to 1"),
        wrong("a tiny disk", disk("{name: a, empty: {size: 1Ki}}"), "from 1Mi to 64Ti"),
        wrong("a disk without end", disk("{name: a, empty: {size: 1Ei}}"), "from 1Mi to 64Ti"),
        wrong(
            "a disk name with a slash",
            disk("{name: ../a, empty: {size: 1Gi}}"),
            "spec.disks[0].name"),
        wrong(
            "a disk name of 21 characters",
            disk("{name: abcdefghijklmnopqrstu, empty: {size: 1Gi}}"),
            "spec.disks[0].name"),
        wrong(
            "33 disks",
            disk(
                Stream.iterate(0, i -> i + 1)
                    .limit(33)
                    .map(i -> "{name: d" + i + ", empty: {size: 1Gi}}")
                    .toArray(String[]::new)),
            "32"),
        wrong(
            "a kernel without image",
            GOOD + "kernel: {path: /boot/vmlinuz}\n",
            "spec.kernel.image"),
        wrong(
            "two lines of kernel arguments",
            GOOD + "kernel: {image: a, args: \"a\\nb\"}\n",
            "spec.kernel.args"),
        wrong(
            "two interfaces",
            GOOD + "interfaces: [{name: a, pod: {}}, {name: b, pod: {}}]\n",
            "spec.interfaces"),
        wrong(
            "an interface on nothing",
            GOOD + "interfaces: [{name: a}]\n",
            "an interface needs its network: pod: {}"),
        wrong(
            "user data twice",
            GOOD + "cloudInit: {userData: a, userDataSecret: {name: b}}\n",
            "exactly one of userData and userDataSecret"),
        wrong(
            "empty cloud-init",
            GOOD + "cloudInit: {}\n",
            "exactly one of userData and userDataSecret"),
        wrong(
            "1 MiB of user data",
            GOOD + "cloudInit: {userData: \"" + "x".repeat(1 << 20) + "\"}\n",
            "spec.cloudInit.userData"),
        wrong(
            "a secret of no possible name",
            GOOD + "cloudInit: {userDataSecret: {name: A_b}}\n",
            "spec.cloudInit.userDataSecret.name"),
        wrong(
            "a negative grace period",
            GOOD + "terminationGracePeriodSeconds: -1\n",
            "greater than or equal to 0"),
        wrong("a string of nodes", GOOD + "nodeSelector: worker-1\n", "spec.nodeSelector"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongSpecs")
  void aWrongSpecIsRefusedWithAMessageToActOn(String name, String spec, String message) {
    assertThatThrownBy(() -> apply("wrong", spec))
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining(message);
  }

  @Test
  void anUnknownFieldIsRefused() {
    assertThatThrownBy(() -> apply("unknown", GOOD + "cores: 2\n"))
        .hasMessageContaining("unknown field \"spec.cores\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a.b", "1234567890123456789012345678901234567890123456789012345678901234"})
  void aNameThatIsNoHostNameIsRefused(String name) {
    assertThatThrownBy(() -> apply(name, GOOD)).hasMessageContaining("at most 63");
  }

  @Test
  void aNameOf63CharactersIsFine() {
    assertThatCode(() -> apply("a".repeat(63), GOOD)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"hello", "gpu", "nvme", "virtual-function", "usb"})
  void examplesAreAccepted(String example) throws IOException {
    try (var file = Files.newInputStream(Path.of("../examples", example + ".yaml"))) {
      for (var document : client.load(file).items()) {
        assertThatCode(
                () ->
                    client
                        .resource(document)
                        .inNamespace(namespace)
                        .dryRun()
                        .fieldValidation(FieldValidateable.Validation.STRICT)
                        .create())
            .doesNotThrowAnyException();
      }
    }
  }

  @Test
  void manyAndLargeButRightIsFine() {
    var spec =
        """
        power: Paused
        restartPolicy: OnFailure
        cpu: {cores: 17, sockets: 3, threads: 5, model: Skylake-Server-v4}
        memory: {size: 1.5Ti}
        firmware: {type: UEFI}
        kernel: {image: "example.com/a:1", path: "/boot/my kernel", args: "quoted=\\"<&'$(x)\\""}
        disks:
        - {name: root, image: {reference: "example.com/a:1", path: "/disk/a..b/x.img"}, bootOrder: 2}
        - {name: data, empty: {size: 64Ti}, bus: SCSI, bootOrder: 1, limits: {iops: 10000000, bandwidth: 1Ti}}
        interfaces: [{name: default, pod: {}, limits: {bandwidth: 64Ki}}]
        devices: [{name: gpu, claim: {template: one-gpu}}, {name: disk, claim: {name: fast}}]
        iommu: Intel
        cloudInit: {userData: "%s"}
        terminationGracePeriodSeconds: 0
        """
            .formatted("x".repeat(32_768));
    assertThatCode(() -> apply("large", spec)).doesNotThrowAnyException();
  }

  /// As kubectl does, but keeping nothing.
  private static void apply(String name, String spec) {
    var manifest =
        """
        apiVersion: bulkhead.dev/v1alpha1
        kind: VirtualMachine
        metadata: {name: "%s", namespace: "%s"}
        """
            .formatted(name, namespace);
    client.raw(
        "/apis/bulkhead.dev/v1alpha1/namespaces/"
            + namespace
            + "/virtualmachines?dryRun=All&fieldValidation=Strict",
        "POST",
        Serialization.unmarshal(
            spec.isEmpty() ? manifest : manifest + "spec:\n" + spec.indent(2),
            GenericKubernetesResource.class));
  }

  private static Arguments wrong(String name, String spec, String message) {
    return Arguments.of(name, spec, message);
  }

  private static String without(String... starts) {
    return GOOD.lines()
        .filter(line -> Stream.of(starts).noneMatch(line::startsWith))
        .map(line -> line + "\n")
        .reduce("", String::concat);
  }

  private static String with(String start, String replacement) {
    return GOOD.lines()
        .map(line -> (line.startsWith(start) ? replacement : line) + "\n")
        .reduce("", String::concat);
  }

  private static String disk(String... disks) {
    return without("disks:", "- {name: root")
        + "disks:\n"
        + Stream.of(disks).map(disk -> "- " + disk + "\n").reduce("", String::concat);
  }
}
