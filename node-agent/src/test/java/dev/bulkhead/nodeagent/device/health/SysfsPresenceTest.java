package dev.bulkhead.nodeagent.device.health;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SysfsPresenceTest {
  private static final PciAddress CARD = PciAddress.parse("0000:81:00.0");
  private static final PciAddress OTHER = PciAddress.parse("0000:81:00.1");
  private static final PciAddress VF = PciAddress.parse("0000:81:10.0");
  private static final String UUID = "4b20d080-1b54-4048-85b3-a6a62d165c01";

  @TempDir private Path sys;

  private void have(String bus, String name) throws IOException {
    Files.createDirectories(sys.resolve("bus").resolve(bus).resolve("devices").resolve(name));
  }

  @Test
  void ofAGroupEveryFunctionCounts() throws IOException {
    have("pci", CARD.toString());
    var group = new Source.Group(List.of(CARD, OTHER));
    assertThat(new SysfsPresence(sys, false).missing(group)).contains("0000:81:00.1");
    have("pci", OTHER.toString());
    assertThat(new SysfsPresence(sys, false).missing(group)).isEmpty();
  }

  @Test
  void aVirtualFunctionIsGoneWithItsCardOrAlone() throws IOException {
    var vf = new Source.VirtualFunction(CARD, 0, VF);
    assertThat(new SysfsPresence(sys, false).missing(vf)).contains("0000:81:00.0");
    have("pci", CARD.toString());
    assertThat(new SysfsPresence(sys, false).missing(vf)).contains("0000:81:10.0");
    have("pci", VF.toString());
    assertThat(new SysfsPresence(sys, false).missing(vf)).isEmpty();
  }

  @Test
  void aMediatedDeviceIsGoneWithItsCardOrAlone() throws IOException {
    var mediated = new Source.Mediated(CARD, "nvidia-222", UUID);
    assertThat(new SysfsPresence(sys, false).missing(mediated)).contains("0000:81:00.0");
    have("pci", CARD.toString());
    assertThat(new SysfsPresence(sys, false).missing(mediated)).contains("mediated device " + UUID);
    have("mdev", UUID);
    assertThat(new SysfsPresence(sys, false).missing(mediated)).isEmpty();
  }

  @Test
  void aUsbDeviceIsWhereItIsPluggedIn() throws IOException {
    var stick = new Source.Usb("1-1.3");
    assertThat(new SysfsPresence(sys, false).missing(stick)).contains("usb 1-1.3");
    have("usb", "1-1.3");
    assertThat(new SysfsPresence(sys, false).missing(stick)).isEmpty();
  }

  @Test
  void onRecordedHardwareNothingIsMadeAndSoNotMissed() throws IOException {
    have("pci", CARD.toString());
    var recorded = new SysfsPresence(sys, true);
    assertThat(recorded.missing(new Source.VirtualFunction(CARD, 0, VF))).isEmpty();
    assertThat(recorded.missing(new Source.Mediated(CARD, "nvidia-222", UUID))).isEmpty();
    assertThat(recorded.missing(new Source.Group(List.of(OTHER)))).contains("0000:81:00.1");
  }
}
