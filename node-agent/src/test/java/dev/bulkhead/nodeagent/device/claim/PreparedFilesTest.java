package dev.bulkhead.nodeagent.device.claim;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulkhead.nodeagent.device.claim.Prepared.PreparedDevice;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparedFilesTest {
  private static final PciAddress ADDRESS = PciAddress.parse("0000:01:00.0");
  private static final PciAddress OTHER = PciAddress.parse("0000:01:00.1");

  @TempDir private Path folder;

  private static Prepared prepared(Source... sources) {
    var devices = new java.util.ArrayList<PreparedDevice>();
    for (var source : sources) {
      devices.add(
          new PreparedDevice(
              "gpu",
              "device-" + devices.size(),
              source,
              List.of("/dev/vfio/vfio", "/dev/vfio/7"),
              DeviceSettings.Guest.NONE,
              new Binding.Bar(OTHER, 1, 14)));
    }
    return new Prepared(new ClaimRef("shop", "gpu", "uid-1"), true, devices, null);
  }

  @Test
  void readsBackWhatItWrote() throws IOException {
    var files = new PreparedFiles(folder.resolve("cdi"));
    var prepared =
        prepared(
            new Source.Group(List.of(ADDRESS, OTHER)),
            new Source.VirtualFunction(ADDRESS, 3, OTHER),
            new Source.Mediated(ADDRESS, "nvidia-35", "4b20d080-1b54-4048-85b3-a6a62d165c01"),
            new Source.Usb("1-4.2"));
    files.write(prepared);

    assertThat(files.find("uid-1")).contains(prepared);
    assertThat(files.all()).containsExactly(prepared);
    assertThat(files.find("uid-2")).isEmpty();
  }

  /// CDI specification, SPEC.md: the runtime resolves `kind=name`.
  @Test
  void isASpecificationForTheContainerRuntime() throws IOException {
    var prepared = prepared(new Source.Group(List.of(ADDRESS)));
    new PreparedFiles(folder).write(prepared);

    var file = folder.resolve("bulkhead.dev-uid-1.json");
    var specification = new ObjectMapper().readTree(Files.readString(file));
    assertThat(PreparedFiles.cdiIds(prepared, prepared.devices().getFirst()))
        .containsExactly(
            specification.path("kind").asText()
                + "="
                + specification.path("devices").path(0).path("name").asText());
    assertThat(specification.path("devices").path(0).path("containerEdits").toString())
        .isEqualTo("{\"deviceNodes\":[{\"path\":\"/dev/vfio/vfio\"},{\"path\":\"/dev/vfio/7\"}]}");
  }

  @Test
  void othersSpecificationsAreNoneOfItsBusiness() throws IOException {
    Files.writeString(folder.resolve("nvidia.com-gpu.json"), "{}");
    Files.writeString(folder.resolve(".bulkhead.dev-uid-1.json.draft"), "half a fi");
    assertThat(new PreparedFiles(folder).all()).isEmpty();
  }
}
