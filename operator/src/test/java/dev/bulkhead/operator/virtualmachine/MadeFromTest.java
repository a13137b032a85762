package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachine;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MadeFromTest {
  private static final String BEFORE =
      """
      metadata: {name: web, labels: {tier: front}}
      spec:
        power: Running
        cpu: {cores: 1}
        memory: {size: 512Mi}
        terminationGracePeriodSeconds: 60
        disks:
        - {name: root, image: {reference: "a:1"}}
        - {name: data, empty: {size: 1Gi}}
      """;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cores: 1            | cores: 2              | spec.cpu.cores: 1 -> 2",
        "size: 512Mi         | size: 1Gi             | spec.memory.size: 512Mi -> 1Gi",
        "{cores: 1}          | {cores: 1, model: EPYC} | spec.cpu.model: (none) -> EPYC",
        "a:1                 | a:2                   | spec.disks[root].image.reference: a:1 -> a:2",
        "size: 1Gi           | size: 2Gi             | spec.disks[data].empty.size: 1Gi -> 2Gi",
        "name: data          | name: logs            | spec.disks[data]: {\"name\":\"data\",\"empty\":{\"size\":\"1Gi\"}} -> (none)",
        "tier: front         | tier: back            | metadata.labels.tier: front -> back",
        "Seconds: 60         | Seconds: 30           | spec.terminationGracePeriodSeconds: 60 -> 30",
        "tier: front         | disk.size: large      | metadata.labels.disk.size: (none) -> large",
        "power: Running      | iommu: Intel          | spec.iommu: (none) -> Intel",
        "power: Running      | nodeSelector: {a: b}  | spec.nodeSelector: (none) -> {\"a\":\"b\"}",
      })
  void namesTheFieldThatDiffersAndBothValues(String old, String replacement, String difference) {
    assertThat(madeFrom(BEFORE).differencesTo(madeFrom(BEFORE.replace(old, replacement))))
        .contains(difference);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "power: Running | power: Paused",
        "power: Running | restartPolicy: Never",
        "size: 512Mi    | size: 0.5Gi",
        "size: 1Gi      | size: 1024Mi",
      })
  void whatNeedsNoNewPodIsNoDifference(String old, String replacement) {
    assertThat(madeFrom(BEFORE).differencesTo(madeFrom(BEFORE.replace(old, replacement))))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"1Mi, 1024Ki, 0", "1Mi, 2Mi, 2"})
  void aBandwidthIsComparedAsAQuantity(String old, String wanted, int differences) {
    assertThat(limited(old).differencesTo(limited(wanted))).hasSize(differences);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                           | '{name: a, claim: {name: x}}' | ''",
        "'{name: a, claim: {name: x}}' | ''                           | ''",
        "'{name: a, claim: {name: x}}' | '{name: b, claim: {name: x}}' | ''",
        "'{name: a, claim: {name: x}}' | '{name: a, claim: {name: y}}' | 'spec.devices[a].claim.name: x -> y'",
        "'{name: a, claim: {name: x}}, {name: b, claim: {name: z}}' | '{name: a, claim: {name: y}}' | 'spec.devices[a].claim.name: x -> y'",
      })
  void onlyADeviceWithAnotherClaimIsADifferenceThatLasts(
      String old, String wanted, String difference) {
    assertThat(withDevices(old).lastingDifferencesTo(withDevices(wanted)))
        .isEqualTo(difference.isEmpty() ? List.of() : List.of(difference));
  }

  private static MadeFrom withDevices(String devices) {
    return madeFrom(devices.isEmpty() ? BEFORE : BEFORE + "  devices: [" + devices + "]\n");
  }

  private static MadeFrom limited(String bandwidth) {
    var limits = "limits: {bandwidth: " + bandwidth + "}";
    return madeFrom(
        BEFORE.replace("{name: data,", "{name: data, " + limits + ",")
            + "  interfaces: [{name: default, "
            + limits
            + "}]\n");
  }

  @Test
  void aLabelThatIsNamedSizeIsNoQuantity() {
    var small = madeFrom(BEFORE.replace("tier: front", "disk.size: small"));
    var large = madeFrom(BEFORE.replace("tier: front", "disk.size: large"));
    assertThat(small.differencesTo(large))
        .containsExactly("metadata.labels.disk.size: small -> large");
  }

  @Test
  void whatIsNoQuantityIsComparedAsText() {
    var broken = MadeFrom.parse(madeFrom(BEFORE).toJson().replace("512Mi", "much"));
    assertThat(broken.differencesTo(madeFrom(BEFORE)))
        .containsExactly("spec.memory.size: much -> 512Mi");
    assertThat(broken.differencesTo(broken)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "- {name: data, empty: {size: 1Gi}}\n  - {name: root, image: {reference: \"a:1\"}}"
      })
  void theOrderOfDisksIsADifference(String swapped) {
    var disks = BEFORE.substring(BEFORE.indexOf("- {name: root"));
    assertThat(madeFrom(BEFORE).differencesTo(madeFrom(BEFORE.replace(disks, swapped))))
        .containsExactly("spec.disks: order [root, data] -> [data, root]");
  }

  @ParameterizedTest
  @ValueSource(strings = {BEFORE})
  void whatThePodCarriesReadsBackTheSame(String yaml) {
    var madeFrom = madeFrom(yaml);
    assertThat(MadeFrom.parse(madeFrom.toJson()).differencesTo(madeFrom)).isEmpty();
  }

  private static MadeFrom madeFrom(String yaml) {
    return MadeFrom.of(Serialization.unmarshal(yaml, VirtualMachine.class));
  }
}
