package dev.bulkhead.nodeagent.device.claim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bulkhead.nodeagent.device.RecordedHost;
import dev.bulkhead.nodeagent.device.claim.Binding.Bar;
import dev.bulkhead.nodeagent.device.claim.PlayedKernel.Killed;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.inventory.ResizableBar;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// On the sysfs of the recorded host `single-gpu`, whose card has two functions, and in the first a
/// BAR 1 of 256 MiB, which can be 16 GiB, and a BAR 3 of 32 MiB, which can be 64.
class SysfsBindingTest {
  private static final String GPU = "0000:01:00.0";
  private static final String SOUND = "0000:01:00.1";
  private static final Source CARD =
      new Source.Group(List.of(PciAddress.parse(GPU), PciAddress.parse(SOUND)));
  private static final DeviceSettings AS_IT_IS = DeviceSettings.NONE;

  /// Of 256 MiB, and of 16 GiB.
  private static final Bar BEFORE = new Bar(PciAddress.parse(GPU), 1, 8);

  @TempDir private Path root;

  private Path sys;
  private PlayedKernel kernel;

  private RecordedHost host;
  private int failures;

  @BeforeEach
  void unpack() throws IOException {
    host = RecordedHost.unpack("single-gpu", root);
    sys = root.resolve("sys");
    kernel = new PlayedKernel(sys);
    Files.createFile(kernel.directory(GPU).resolve("reset"));
    Files.createFile(kernel.directory(SOUND).resolve("reset"));
  }

  /// As a new run of the program has it.
  private SysfsBinding binding() {
    return new SysfsBinding(sys, host.failedResets(), () -> failures++, kernel);
  }

  private static DeviceSettings sized(String size) {
    return new DeviceSettings(
        DeviceSettings.Card.NONE, new BarSize(size), DeviceSettings.Guest.NONE);
  }

  private String bar() {
    return ResizableBar.words(ResizableBar.of(kernel.directory(GPU)).orElseThrow().size());
  }

  private void assertTaken() {
    assertThat(kernel.driver(GPU)).isEqualTo("vfio-pci");
    assertThat(kernel.driver(SOUND)).isEqualTo("vfio-pci");
  }

  private void assertGivenBack() {
    assertThat(kernel.driver(GPU)).isEqualTo("nouveau");
    assertThat(kernel.driver(SOUND)).isEqualTo("snd_hda_intel");
    assertThat(bar()).isEqualTo("256Mi");
  }

  @Test
  void aGroupGoesToVfioAndBackToItsDrivers() throws IOException {
    assertThat(binding().take(CARD, AS_IT_IS).nodes())
        .containsExactly("/dev/vfio/vfio", "/dev/vfio/4");
    assertTaken();
    assertThat(bar()).isEqualTo("256Mi");

    binding().giveBack(CARD, null);
    assertGivenBack();
  }

  @Test
  void theLargestBarIsSizedWhileNoDriverHasItAndPutBack() throws IOException {
    assertThat(binding().look(CARD, sized("16Gi"))).isEqualTo(BEFORE);
    assertThat(kernel.written).isEmpty();
    binding().take(CARD, sized("16Gi"));
    assertTaken();
    assertThat(bar()).isEqualTo("16Gi");

    binding().giveBack(CARD, BEFORE);
    assertGivenBack();
  }

  @Test
  void itCanBeWhateverIsLargestOrSmallest() throws IOException {
    binding().take(CARD, sized("largest"));
    assertThat(bar()).isEqualTo("16Gi");
    assertTaken();

    binding().take(CARD, sized("smallest"));
    assertThat(bar()).as("also where vfio-pci has it already").isEqualTo("256Mi");
    assertTaken();
  }

  @Test
  void ofABarThatHasItsSizeNothingIsWritten() throws IOException {
    assertThat(binding().look(CARD, sized("256Mi"))).isNull();
    binding().take(CARD, sized("256Mi"));
    binding().take(CARD, sized("256Mi"));
    assertThat(kernel.written)
        .noneMatch(write -> write.contains("_resize"))
        .filteredOn(write -> write.startsWith("unbind"))
        .containsExactly("unbind " + GPU, "unbind " + SOUND);
  }

  @Test
  void aSizeThatItCannotHaveIsRefusedWithThoseThatItCan() {
    assertThatThrownBy(() -> binding().look(CARD, sized("32Gi")))
        .hasMessage(
            "has no such size: resizableBar in its parameters is \"32Gi\", and must be largest,"
                + " smallest or one of 256Mi, 512Mi, 1Gi, 2Gi, 4Gi, 8Gi, 16Gi, which BAR 1 of"
                + " 0000:01:00.0 can be");
  }

  @Test
  void aDeviceWithoutSuchABarIsRefused() {
    var sound = new Source.Group(List.of(PciAddress.parse(SOUND)));
    assertThatThrownBy(() -> binding().look(sound, sized("largest")))
        .hasMessageStartingWith("has no resizable BAR: take resizableBar out of its parameters");
  }

  @Test
  void whatTheKernelRefusesIsSaidWithItsWordsAndTheCure() throws IOException {
    kernel.refused.put("resource1_resize", "No space left on device");
    assertThatThrownBy(() -> binding().take(CARD, sized("16Gi")))
        .hasMessageContaining("BAR 1 of 0000:01:00.0 did not become 16Gi: No space left on device.")
        .hasMessageContaining("\"above 4G decoding\"");

    binding().giveBack(CARD, BEFORE);
    assertGivenBack();
  }

  /// The node's driver works with either.
  @Test
  void aBarThatCannotBePutBackKeepsNothingFromItsDriver() throws IOException {
    binding().take(CARD, sized("16Gi"));
    kernel.refused.put("resource1_resize", "No space left on device");
    binding().giveBack(CARD, BEFORE);
    assertThat(kernel.driver(GPU)).isEqualTo("nouveau");
    assertThat(bar()).isEqualTo("16Gi");
  }

  @Test
  void whatAGuestHadIsResetOnceWhileVfioHasAllOfIt() throws IOException {
    binding().take(CARD, AS_IT_IS);
    assertThat(kernel.written).noneMatch(write -> write.contains("reset"));
    kernel.written.clear();
    binding().giveBack(CARD, null);
    binding().giveBack(CARD, null);
    assertThat(kernel.written.subList(0, 2)).containsExactly(GPU + "/reset 1", SOUND + "/reset 1");
    assertThat(kernel.written.subList(2, kernel.written.size()))
        .noneMatch(write -> write.contains("reset"));
    assertThat(failures).isZero();
  }

  @Test
  void whatWasTakenHalfWasNoGuestsAndIsNotReset() throws IOException {
    binding().take(CARD, AS_IT_IS);
    kernel.bind(SOUND, "snd_hda_intel");
    binding().giveBack(CARD, null);
    assertThat(kernel.written).noneMatch(write -> write.contains("reset"));
    assertGivenBack();
  }

  @Test
  void aFunctionThatTheKernelCannotResetIsGivenBackAllTheSame() throws IOException {
    Files.delete(kernel.directory(SOUND).resolve("reset"));
    binding().take(CARD, AS_IT_IS);
    binding().giveBack(CARD, null);
    assertThat(kernel.written).contains(GPU + "/reset 1").doesNotContain(SOUND + "/reset 1");
    assertGivenBack();
  }

  @Test
  void whatFailsToResetStaysWithVfioWholeAndIsGivenToNobody() throws IOException {
    failToReset();
    assertTaken();
    assertThat(failures).isEqualTo(1);
    kernel.written.clear();
    binding().giveBack(CARD, null);
    assertThat(kernel.written).as("by who is asked again").isEmpty();
    assertTaken();

    assertThatThrownBy(() -> binding().look(CARD, AS_IT_IS))
        .hasMessage(
            "is given to nobody, for its reset failed: 0000:01:00.1 when it was given back:"
                + " Inappropriate ioctl for device. On the node, echo 1"
                + " >/sys/bus/pci/devices/0000:01:00.1/remove, then echo 1"
                + " >/sys/bus/pci/rescan");
  }

  private void failToReset() throws IOException {
    binding().take(CARD, AS_IT_IS);
    kernel.refused.put(SOUND + "/reset", "Inappropriate ioctl for device");
    binding().giveBack(CARD, null);
    kernel.refused.clear();
  }

  @Test
  void onceItAppearsAnewItIsGivenAwayAgain() throws IOException {
    failToReset();
    kernel.appearAnew(SOUND);
    assertThat(binding().look(CARD, AS_IT_IS)).isNull();
    binding().take(CARD, AS_IT_IS);
    binding().giveBack(CARD, null);
    assertGivenBack();
  }

  /// Here the file system itself refuses.
  @Test
  void aResetThatCannotBeWrittenHasFailed() throws IOException {
    binding().take(CARD, AS_IT_IS);
    Files.delete(kernel.directory(GPU).resolve("reset"));
    Files.createDirectory(kernel.directory(GPU).resolve("reset"));
    new SysfsBinding(sys, host.failedResets(), () -> failures++).giveBack(CARD, null);
    assertThat(host.failedResets().of(PciAddress.parse(GPU)).orElseThrow())
        .contains("Is a directory");
    assertThat(failures).isEqualTo(1);
    assertTaken();
  }

  @Test
  void partsOfACardThatFailedToResetAreGivenToNobodyEither() throws IOException {
    host.failedResets().add(PciAddress.parse(GPU), "Connection timed out");
    var parts =
        List.of(
            new Source.Mediated(PciAddress.parse(GPU), "nvidia-35", "u"),
            new Source.VirtualFunction(PciAddress.parse(GPU), 0, PciAddress.parse("0000:01:00.4")));
    for (var part : parts) {
      assertThatThrownBy(() -> binding().look(part, AS_IT_IS))
          .hasMessageContaining("0000:01:00.0 when it was given back: Connection timed out");
    }
  }

  /// A rescan does not find those.
  @Test
  void aVirtualFunctionThatFailsToResetWaitsUntilItsCardMakesItAnew() throws IOException {
    var vf = new Source.VirtualFunction(PciAddress.parse("0000:00:01.0"), 0, PciAddress.parse(GPU));
    kernel.bind(GPU, "vfio-pci");
    kernel.refused.put("reset", "Connection timed out");
    binding().giveBack(vf, null);
    assertThat(kernel.driver(GPU)).isEqualTo("vfio-pci");
    assertThatThrownBy(() -> binding().look(vf, AS_IT_IS))
        .hasMessageContaining("echo 0 >/sys/bus/pci/devices/0000:00:01.0/sriov_numvfs");
  }

  @Test
  void whoeverIsKilledAnywhereIsFollowedByWhoGoesOn() throws IOException {
    Step take = () -> binding().take(CARD, sized("16Gi"));
    Step giveBack = () -> binding().giveBack(CARD, BEFORE);
    Step isTaken =
        () -> {
          assertTaken();
          assertThat(bar()).isEqualTo("16Gi");
        };
    Step failToGiveBack =
        () -> {
          kernel.refused.put(SOUND + "/reset", "Inappropriate ioctl for device");
          giveBack.run();
        };
    Step isFailed =
        () -> {
          isTaken.run();
          assertThat(host.failedResets().of(PciAddress.parse(SOUND))).isPresent();
        };
    assertThat(killEverywhere(giveBack, take, isTaken)).isGreaterThanOrEqualTo(7);
    assertThat(killEverywhere(take, giveBack, this::assertGivenBack)).isGreaterThanOrEqualTo(7);
    Step takeAnew =
        () -> {
          kernel.appearAnew(SOUND);
          take.run();
        };
    assertThat(killEverywhere(takeAnew, failToGiveBack, isFailed)).isEqualTo(2);
  }

  private interface Step {
    void run() throws IOException;
  }

  /// Each time one write later, from the start again.
  ///
  /// @return how many writes it takes
  private int killEverywhere(Step before, Step step, Step check) throws IOException {
    for (int writes = 0; ; writes++) {
      before.run();
      kernel.alive = writes;
      try {
        step.run();
        return writes;
      } catch (Killed _) {
        kernel.alive = Integer.MAX_VALUE;
        step.run();
        check.run();
      } finally {
        kernel.alive = Integer.MAX_VALUE;
      }
    }
  }
}
