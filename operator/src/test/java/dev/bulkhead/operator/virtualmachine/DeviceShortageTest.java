package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.operator.virtualmachine.DeviceShortage.Device;
import dev.bulkhead.operator.virtualmachine.DeviceShortage.Node;
import dev.bulkhead.operator.virtualmachine.DeviceShortage.Wish;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DeviceShortageTest {
  private static final Wish GPU = new Wish("gpu", "gpu.bulkhead.dev", "gpu");

  private static Device gpu(String user, String fault) {
    return new Device("gpu", user, fault);
  }

  private static final Device NIC = new Device("nic", null, null);

  @Test
  void saysOfEachNodeWhatItLacks() {
    var nodes =
        List.of(
            new Node("a", List.of(gpu("shop/web", null), gpu("lab/x", null), NIC), "gives 3"),
            new Node("b", List.of(NIC), "keeps: 0000:01:00.0 shares IOMMU group 14 with …"),
            new Node("c", List.of(gpu(null, "3 fatal errors"), gpu("lab/y", null)), null),
            new Node("d", List.of(gpu(null, null)), null));
    assertThat(DeviceShortage.explain(GPU, nodes))
        .isEqualTo(
            "for device gpu (gpu.bulkhead.dev), nodes were looked at: a has 2, with lab/x, shop/web;"
                + " b gives none away (keeps: 0000:01:00.0 shares IOMMU group 14 with …);"
                + " c has 2, with lab/y, out of use: 3 fatal errors; d has 1 free, which the"
                + " claim's selectors exclude, or the VM does not fit there");
  }

  /// The one that is wanted may be the one that is taken.
  @Test
  void whoHasOneIsToldAlsoWhereAnotherIsFree() {
    var nodes = List.of(new Node("a", List.of(gpu("shop/web", null), gpu(null, null)), null));
    assertThat(DeviceShortage.explain(GPU, nodes))
        .endsWith(
            "a has 2, with shop/web, 1 free, which the claim's selectors exclude, or the VM"
                + " does not fit there");
  }

  @Test
  void aClassOfAnybodysMayBeMetByAnyDevice() {
    var nodes = List.of(new Node("a", List.of(NIC), null));
    assertThat(DeviceShortage.explain(new Wish("x", "fast.example", null), nodes))
        .contains("a has 1 free");
  }

  @Test
  void aClusterThatGivesNothingAwayIsCalledThat() {
    assertThat(DeviceShortage.explain(new Wish("x", null, null), List.of()))
        .isEqualTo("no node gives hardware away, so there is none for device x");
  }

  @Test
  void aLargeClusterIsNotListed() {
    var nodes =
        IntStream.range(0, 400)
            .mapToObj(i -> new Node("n" + i, List.of(gpu("a/b", null)), "y".repeat(5000)))
            .toList();
    assertThat(DeviceShortage.explain(GPU, nodes)).endsWith("; and 395 more").hasSizeLessThan(2000);
  }
}
