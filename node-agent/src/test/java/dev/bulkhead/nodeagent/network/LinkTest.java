package dev.bulkhead.nodeagent.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.domain.Specs;
import dev.bulkhead.nodeagent.pod.PodUid;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LinkTest {
  private static final PodUid OTHER_POD = new PodUid(UUID.randomUUID().toString());

  @Test
  void theMacStaysOverAllLivesOfAVm() {
    assertThat(Link.of(OTHER_POD, "vm").mac()).isEqualTo(Link.of(Specs.POD, "vm").mac());
    assertThat(Link.of(Specs.POD, "other").mac()).isNotEqualTo(Link.of(Specs.POD, "vm").mac());
  }

  @Test
  void theMacIsUnicastAndLocallyAdministered() {
    assertThat(Link.of(Specs.POD, "vm").mac()).matches("02(:[0-9a-f]{2}){5}");
  }

  @Test
  void theTapsNameFitsTheKernelAndIsThePodsOwn() {
    assertThat(Link.of(Specs.POD, "vm").tap()).isEqualTo("vm-0f0e0d0c0b0a").hasSize(15);
    assertThat(Link.of(OTHER_POD, "vm").tap()).isNotEqualTo("vm-0f0e0d0c0b0a");
  }
}
