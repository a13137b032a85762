package dev.bulkhead.nodeagent.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.offer.Giving;
import dev.bulkhead.nodeagent.device.offer.Offer;
import dev.bulkhead.nodeagent.device.offer.OfferPlanner;
import dev.bulkhead.nodeagent.device.offer.Offered;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an administrator's settings change. What they do not is in the recorded hosts' files.
class OfferPlannerTest {
  @TempDir private Path root;

  private List<String> offeredBy(String host, Giving giving) throws IOException {
    return planned(host, giving).offers().stream().map(Offer::name).toList();
  }

  private Offered planned(String name, Giving giving) throws IOException {
    var host = RecordedHost.unpack(name, Files.createTempDirectory(root, name));
    var inventory = host.inventory();
    return OfferPlanner.plan(inventory, host.use(), giving);
  }

  @Test
  void givesAwayOnlyWhatIsAllowed() throws IOException {
    assertThat(offeredBy("single-gpu", new Giving(Set.of(), false))).isEmpty();
  }

  @Test
  void saysWhichSettingWouldGiveADeviceAway() throws IOException {
    assertThat(planned("sriov", new Giving(Set.of("gpu"), false)).withheld())
        .filteredOn(kept -> kept.what().equals("0000:81:00.0"))
        .singleElement()
        .satisfies(kept -> assertThat(kept.why()).contains("devices.allow"));
  }

  @Test
  void whatFailedToResetHasAFaultAndNothingElseDoes() throws IOException {
    var host = RecordedHost.unpack("eight-gpus", root);
    host.failedResets().add(PciAddress.parse("0000:1b:00.0"), "Inappropriate ioctl for device");
    var gpus = new Giving(Set.of("gpu"), false);
    var offers = OfferPlanner.plan(host.inventory(), host.use(), gpus).offers();
    assertThat(offers)
        .filteredOn(offer -> offer.fault() != null && offer.fault().contains("reset"))
        .singleElement()
        .satisfies(
            offer ->
                assertThat(offer.fault())
                    .isEqualTo(
                        "reset failed: 0000:1b:00.0 when it was given back: Inappropriate ioctl"
                            + " for device"));
  }

  @Test
  void takesAnAddressOrAnIdForASingleDevice() throws IOException {
    assertThat(offeredBy("nvme-root", new Giving(Set.of("0000:06:00.0"), false)))
        .containsExactly("pci-0000-06-00-0");
  }

  @Test
  void takesAnIdForAllDevicesOfAModel() throws IOException {
    assertThat(offeredBy("usb", new Giving(Set.of("0529:0001"), false)))
        .containsExactly("usb-1-1-3");
  }

  @Test
  void neverGivesAwayADiskThatTheNodeUsesHoweverItIsNamed() throws IOException {
    assertThat(
            offeredBy(
                "nvme-root",
                new Giving(
                    Set.of("nvme", "0000:01:00.0", "0000:02:00.0", "0000:03:00.0", "144d:a80a"),
                    true)))
        .containsExactly("pci-0000-06-00-0");
  }

  @Test
  void givesAwayTheConsoleWhenTold() throws IOException {
    var gpus = Set.of("gpu", "pci");
    assertThat(offeredBy("amd-gpu", new Giving(gpus, false))).doesNotContain("pci-0000-05-00-0");
    assertThat(offeredBy("amd-gpu", new Giving(gpus, true))).contains("pci-0000-05-00-0");
  }
}
