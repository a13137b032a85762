package dev.bulkhead.nodeagent.device.claim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.device.RecordedHost;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// On the sysfs of the recorded host `single-gpu`, whose card is two functions in group 4.
class ViabilityTest {
  private static final String GPU = "0000:01:00.0";
  private static final String SOUND = "0000:01:00.1";
  private static final String BRIDGE = "0000:00:01.0";

  @TempDir private Path root;

  private PlayedKernel kernel;

  @BeforeEach
  void takeTheCard() throws IOException {
    RecordedHost.unpack("single-gpu", root);
    kernel = new PlayedKernel(root.resolve("sys"));
    kernel.bind(GPU, "vfio-pci");
    kernel.bind(SOUND, "vfio-pci");
  }

  private String whyNot(String... functions) throws IOException {
    var device = List.of(functions).stream().map(PciAddress::parse).toList();
    return new Viability(root.resolve("sys")).whyNot(new Source.Group(device)).orElse(null);
  }

  @Test
  void nothingIsInTheWayOfAGroupThatIsPrepared() throws IOException {
    assertThat(whyNot(GPU, SOUND)).isNull();
  }

  @Test
  void aFunctionThatWentBackToItsDriverIsNamedWithTheCure() throws IOException {
    kernel.bind(SOUND, "snd_hda_intel");
    assertThat(whyNot(GPU, SOUND))
        .isEqualTo(
            "is of IOMMU group 4, of which function 0000:01:00.1 is with driver snd_hda_intel now,"
                + " so the kernel gives it to no guest. On the node, echo 0000:01:00.1"
                + " >/sys/bus/pci/drivers/snd_hda_intel/unbind, then echo 0000:01:00.1"
                + " >/sys/bus/pci/drivers_probe; or restart the VM, which has the group bound to"
                + " vfio-pci anew");
  }

  @Test
  void aFunctionOfItsOwnWithoutADriverIsNoGuestsEither() throws IOException {
    Files.delete(kernel.directory(SOUND).resolve("driver"));
    assertThat(whyNot(GPU, SOUND))
        .contains("0000:01:00.1 is with no driver now")
        .contains("On the node, echo 0000:01:00.1 >/sys/bus/pci/drivers_probe; or");
  }

  /// One that has appeared since, for example.
  @Test
  void aNeighbourWithADriverIsInTheWay() throws IOException {
    kernel.bind(SOUND, "snd_hda_intel");
    assertThat(whyNot(GPU))
        .contains("0000:01:00.1 is with driver snd_hda_intel now")
        .contains(">/sys/bus/pci/drivers/snd_hda_intel/unbind; or restart");
  }

  @ParameterizedTest
  @ValueSource(strings = {"vfio-pci", "mlx5_vfio_pci", "pci-stub", "pcieport"})
  void neighboursOfDriversThatDoNoDmaAreNotInTheWay(String driver) throws IOException {
    kernel.bind(SOUND, driver);
    assertThat(whyNot(GPU)).isNull();
  }

  @Test
  void aNeighbourWithoutADriverIsNotInTheWay() throws IOException {
    Files.delete(kernel.directory(SOUND).resolve("driver"));
    assertThat(whyNot(GPU)).isNull();
  }

  @Test
  void aVirtualFunctionIsLookedAtToo() throws IOException {
    var vf = PciAddress.parse(GPU);
    kernel.bind(GPU, "nouveau");
    assertThat(
            new Viability(root.resolve("sys"))
                .whyNot(new Source.VirtualFunction(PciAddress.parse(BRIDGE), 0, vf)))
        .hasValueSatisfying(
            words -> assertThat(words).contains("function 0000:01:00.0 is with driver nouveau"));
  }

  /// libvirt has the words for that.
  @Test
  void ofWhatIsGoneNothingIsSaid() throws IOException {
    assertThat(whyNot("0000:0f:00.0")).isNull();
  }
}
