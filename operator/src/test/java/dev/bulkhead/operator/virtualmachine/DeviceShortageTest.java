package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.DevicesMessage;
import dev.bulkhead.operator.virtualmachine.DeviceShortage.Device;
import dev.bulkhead.operator.virtualmachine.DeviceShortage.Node;
import dev.bulkhead.operator.virtualmachine.DeviceShortage.Wish;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceShortageTest {
  private static final Wish GPU = new Wish("gpu", "gpu.bulkhead.dev", "gpu");

  private static Device gpu(String user, String fault) {
    return new Device("gpu", user, fault);
  }

  private static final Device NIC = new Device("nic", null, null);

  private static Node node(String name, List<Device> devices, String says) {
    return new Node(name, devices, says == null ? null : DevicesMessage.parse(says));
  }

  @Test
  void saysOfEachNodeWhatItLacks() {
    var nodes =
        List.of(
            node("a", List.of(gpu("shop/web", null), gpu("lab/x", null), NIC), "gives 3"),
            node("b", List.of(NIC), "gives away 1 device"),
            node("c", List.of(gpu(null, "3 fatal errors"), gpu("lab/y", null)), null),
            node("d", List.of(gpu(null, null)), null));
    assertThat(DeviceShortage.explain(GPU, nodes))
        .isEqualTo(
            "for device gpu (gpu.bulkhead.dev), nodes were looked at: a has 2, with lab/x, shop/web;"
                + " b gives none away (gives away 1 device);"
                + " c has 2, with lab/y, out of use: 3 fatal errors; d has 1 free, which the"
                + " claim's selectors exclude, or the VM does not fit there");
  }

  /// A machine keeps dozens of functions that nobody asks for.
  @Test
  void whyAGroupIsNotViableIsToldBeforeWhatNobodyAskedFor() {
    var chipset = "; 0000:00:1f.0 is part of the machine's chipset".repeat(40);
    var nodes =
        List.of(
            node(
                "a",
                List.of(NIC),
                "gives away 1 device; keeps: gpu 0000:04:00.0 shares IOMMU group 14 with"
                    + " 0000:06:00.0, which carries the node's address 192.168.1.31 (enp6s0); nic"
                    + " 0000:06:00.0 carries the node's address 192.168.1.31 (enp6s0)"
                    + chipset));
    assertThat(DeviceShortage.explain(GPU, nodes))
        .endsWith(
            "a gives none away (keeps: gpu 0000:04:00.0 shares IOMMU group 14 with 0000:06:00.0,"
                + " which carries the node's address 192.168.1.31 (enp6s0))");
  }

  @Test
  void whereOneIsInUseItIsToldAlsoWhyAnotherIsKept() {
    var says = "gives away 1 device; keeps: gpu 0000:04:00.0 shares IOMMU group 14 with X";
    assertThat(
            DeviceShortage.explain(GPU, List.of(node("a", List.of(gpu("shop/web", null)), says))))
        .endsWith("a has 1, with shop/web (keeps: gpu 0000:04:00.0 shares IOMMU group 14 with X)");
    assertThat(DeviceShortage.explain(GPU, List.of(node("a", List.of(gpu(null, null)), says))))
        .endsWith("does not fit there (keeps: gpu 0000:04:00.0 shares IOMMU group 14 with X)");
  }

  /// The agent's words on what to do about it (OfferPlanner) are told whole.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "the IOMMU is off. Turn on VT-d or AMD-Vi in the machine's setup, and boot Linux with"
            + " intel_iommu=on on Intel",
        "the IOMMU does not remap interrupts, so a guest could forge the host's. Turn on interrupt"
            + " remapping (x2APIC) in the machine's setup and do not boot with intremap=off. Or, if"
            + " all guests are trusted, load vfio_iommu_type1 with allow_unsafe_interrupts=1"
      })
  void whatTheWholeNodeLacksIsToldWithWhatToDo(String why) {
    var stick = new Device("usb", null, null);
    var nodes =
        List.of(
            node(
                "a",
                List.of(stick),
                "gives away 1 device; keeps: all PCI devices are kept: %s".formatted(why)));
    assertThat(DeviceShortage.explain(GPU, nodes))
        .endsWith("a gives none away (keeps: all PCI devices are kept: %s)".formatted(why));
    assertThat(DeviceShortage.explain(new Wish("x", "usb.bulkhead.dev", "usb"), nodes))
        .doesNotContain("PCI");
  }

  @Test
  void whyVirtualFunctionsAreNotMadeIsToldToWhoWantsOne() {
    var says =
        "gives away no device; keeps: 0000:00:00.0 is x; virtual functions of A are not made";
    assertThat(
            DeviceShortage.explain(
                new Wish("x", "nic-vf.bulkhead.dev", "nic-vf"),
                List.of(node("a", List.of(NIC), says))))
        .endsWith("a gives none away (keeps: virtual functions of A are not made)");
  }

  /// The one that is wanted may be the one that is taken.
  @Test
  void whoHasOneIsToldAlsoWhereAnotherIsFree() {
    var nodes = List.of(node("a", List.of(gpu("shop/web", null), gpu(null, null)), null));
    assertThat(DeviceShortage.explain(GPU, nodes))
        .endsWith(
            "a has 2, with shop/web, 1 free, which the claim's selectors exclude, or the VM"
                + " does not fit there");
  }

  @Test
  void aClassOfAnybodysMayBeMetByAnyDevice() {
    var nodes = List.of(node("a", List.of(NIC), null));
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
            .mapToObj(i -> node("n" + i, List.of(gpu("a/b", null)), "y".repeat(5000)))
            .toList();
    assertThat(DeviceShortage.explain(GPU, nodes)).endsWith("; and 395 more").hasSizeLessThan(2000);
  }
}
