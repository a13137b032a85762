package dev.bulkhead.crds;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.utils.Serialization;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GuestSpecTest {
  private static final String WEB =
      """
      {"metadata": {"name": "web", "namespace": "shop", "uid": "vm-uid"},
       "spec": {"cpu": {"cores": 1}, "memory": {"size": "64Mi"},
        "disks": [{"name": "root", "image": {"reference": "disk:1"}}],
        "interfaces": [{"name": "default", "pod": {}, "limits": {"bandwidth": "1Mi"}}],
        "devices": [{"name": "gpu", "claim": {"name": "gpu"}}]}}
      """;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"name\": \"web\", | | name is missing",
        "\"uid\": \"vm-uid\" | \"uid\": null | vmUid is missing",
        "\"cpu\": {\"cores\": 1}, | | spec.cpu is missing",
        "{\"cores\": 1} | {} | spec.cpu.cores is missing",
        "{\"size\": \"64Mi\"} | null | spec.memory is missing",
        "{\"size\": \"64Mi\"} | {} | spec.memory.size is missing",
        "64Mi | 1e30 | spec.memory.size is out of all bounds: 1e30",
        "\"disks\": [ | \"disks\": [null, | spec.disks[0] is missing",
        "\"name\": \"root\", | | a disk's name is missing",
        "\"interfaces\": [ | \"interfaces\": [null, | spec.interfaces[0] is missing",
        "{\"bandwidth\": \"1Mi\"} | {} | spec.interfaces[default].limits.bandwidth is missing",
        "\"devices\": [ | \"devices\": [null, | spec.devices[0] is missing",
        "{\"name\": \"gpu\"} | null | spec.devices[gpu].claim is missing",
      })
  void aVmThatWasWrittenPastValidationIsRefusedWithTheFieldAtFault(
      String part, String instead, String words) {
    var wrong = WEB.replace(part, instead == null ? "" : instead);
    var vm = Serialization.unmarshal(wrong, VirtualMachine.class);
    assertThatThrownBy(() -> GuestSpec.from(vm))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(words);
  }
}
