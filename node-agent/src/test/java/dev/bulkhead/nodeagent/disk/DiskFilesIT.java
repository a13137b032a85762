package dev.bulkhead.nodeagent.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachineSpec.Disk.Bus;
import dev.bulkhead.crds.VirtualMachineSpec.Firmware;
import dev.bulkhead.nodeagent.domain.Disk.Format;
import dev.bulkhead.nodeagent.domain.Disk.Source;
import dev.bulkhead.nodeagent.domain.Specs;
import dev.bulkhead.nodeagent.pod.Volumes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// With the real qemu-img and genisoimage.
class DiskFilesIT {
  private static final GuestSpec.Disk ROOT = Specs.disk("root", Bus.Virtio, null);
  private static final GuestSpec.Disk DATA = Specs.empty("data", Bus.Virtio, null);

  @TempDir Path keeper;
  private Volumes here;
  private final Volumes there = new Volumes(Path.of("/there"));
  private DiskFiles files;

  @BeforeEach
  void volumesAsKubeletMountsThem() throws IOException {
    here = new Volumes(keeper);
    files = new DiskFiles(here, there);
    for (var volume :
        List.of(here.scratch(), here.disk("root").resolve("disk"), here.disk("data"))) {
      Files.createDirectories(volume);
    }
  }

  @Test
  void putsAnOverlayOfTheSameSizeOverAnImage() throws Exception {
    tool("qemu-img", "create", "-q", "-f", "qcow2", image("disk.qcow2"), "64M");

    var disk = files.disks(spec(ROOT, null)).getFirst();

    var base = new Source("/there/disks/root/disk/disk.qcow2", Format.QCOW2, null);
    assertThat(disk.source())
        .isEqualTo(new Source("/there/scratch/root.qcow2", Format.QCOW2, base));
    assertThat(tool("qemu-img", "info", "-U", here.scratch().resolve("root.qcow2").toString()))
        .contains("virtual size: 64 MiB")
        .contains("backing file: /there/disks/root/disk/disk.qcow2")
        .contains("backing file format: qcow2");
  }

  @Test
  void makesADiskAnewAfterAnInterruptedStart() throws Exception {
    tool("qemu-img", "create", "-q", "-f", "raw", image("disk.img"), "1M");

    files.disks(spec(ROOT, null));

    assertThat(files.disks(spec(ROOT, null))).hasSize(1);
  }

  @Test
  void refusesAnImageThatIsBasedOnAFileOfTheNode() throws Exception {
    tool(
        "qemu-img",
        "create",
        "-q",
        "-u",
        "-f",
        "qcow2",
        "-F",
        "raw",
        "-b",
        "/etc/shadow",
        image("disk.qcow2"),
        "64M");

    assertThatThrownBy(() -> files.disks(spec(ROOT, null)))
        .isInstanceOf(RefusedException.class)
        .hasMessageStartingWith(
            "disk root: the disk image /disk/disk.qcow2 in example/image is based");
  }

  @Test
  void anEmptyDiskHasItsSizeAndTakesNoRoom() throws Exception {
    var disk = files.disks(spec(DATA, null)).getFirst();

    var file = here.disk("data").resolve("disk.raw");
    assertThat(disk.source()).isEqualTo(new Source("/there/disks/data/disk.raw", Format.RAW, null));
    assertThat(file).hasSize(DATA.emptyBytes());
    assertThat(tool("du", "--block-size=1", file.toString())).startsWith("0\t");
  }

  @Test
  void neverWritesThroughALinkThatLiesInTheWay() throws Exception {
    var victim = Files.writeString(keeper.resolve("victim"), "untouched");
    Files.createSymbolicLink(here.disk("data").resolve("disk.raw"), victim);

    files.disks(spec(DATA, null));

    assertThat(victim).hasContent("untouched");
  }

  @Test
  void theSeedHasUserDataAsItWasGivenAndTheGuestsName() throws Exception {
    var userData = "#!/bin/sh\necho \"$(hostname)\" '<&>' äöü\n";

    var seed = files.seed(spec(ROOT, new GuestSpec.CloudInit(userData, null)), Specs.POD);

    assertThat(seed).isEqualTo(new Source("/there/scratch/seed.iso", Format.RAW, null));
    var iso = here.scratch().resolve("seed.iso").toString();
    assertThat(tool("isoinfo", "-d", "-i", iso)).contains("Volume id: cidata");
    assertThat(tool("isoinfo", "-R", "-x", "/user-data", "-i", iso)).isEqualTo(userData);
    assertThat(tool("isoinfo", "-R", "-x", "/meta-data", "-i", iso))
        .isEqualTo("instance-id: \"%s\"\nlocal-hostname: \"web\"\n".formatted(Specs.POD));
  }

  @Test
  void onlyItsOwnerReadsOrWritesAFileOfAGuest() throws Exception {
    tool("qemu-img", "create", "-q", "-f", "raw", image("disk.img"), "1M");

    files.disks(spec(ROOT, null));
    files.seed(spec(ROOT, new GuestSpec.CloudInit("#!/bin/sh\n", null)), Specs.POD);

    try (var scratch = Files.list(here.scratch())) {
      assertThat(scratch)
          .hasSize(2)
          .allSatisfy(
              file ->
                  assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                      .isEqualTo("rw-------"));
    }
  }

  @Test
  void leavesNoCopyOfUserDataBesideTheSeed() throws Exception {
    files.seed(spec(ROOT, new GuestSpec.CloudInit("#!/bin/sh\n", null)), Specs.POD);

    try (var scratch = Files.list(here.scratch())) {
      assertThat(scratch).containsExactly(here.scratch().resolve("seed.iso"));
    }
  }

  @Test
  void takesUserDataFromASecretAsKubeletLaysItOut() throws Exception {
    var version = Files.createDirectories(here.userData().resolve("..2026"));
    Files.writeString(version.resolve("userData"), "#cloud-config\n");
    Files.createSymbolicLink(here.userData().resolve("..data"), Path.of("..2026"));
    Files.createSymbolicLink(here.userData().resolve("userData"), Path.of("..data/userData"));

    files.seed(spec(ROOT, new GuestSpec.CloudInit(null, "web-init")), Specs.POD);

    var iso = here.scratch().resolve("seed.iso").toString();
    assertThat(tool("isoinfo", "-R", "-x", "/user-data", "-i", iso)).isEqualTo("#cloud-config\n");
  }

  @Test
  void namesTheFieldOfAKernelThatIsNotInItsImage() throws Exception {
    Files.createDirectories(here.kernel());

    assertThatThrownBy(() -> files.kernel(Specs.withKernel(null)))
        .isInstanceOf(RefusedException.class)
        .hasMessage(
            "spec.kernel.path: image example/linux has no file /boot/vmlinuz: name one that it"
                + " has");
  }

  private String image(String file) {
    return here.disk("root").resolve("disk").resolve(file).toString();
  }

  private static GuestSpec spec(GuestSpec.Disk disk, GuestSpec.CloudInit cloudInit) {
    var spec = Specs.spec(Specs.ONE_CPU, Firmware.Type.BIOS, disk);
    return new GuestSpec(
        spec.format(),
        spec.namespace(),
        spec.name(),
        spec.vmUid(),
        spec.cpu(),
        spec.memoryBytes(),
        spec.firmware(),
        spec.kernel(),
        spec.disks(),
        spec.interfaceName(),
        spec.interfaceBandwidth(),
        cloudInit,
        null,
        null);
  }

  private static String tool(String... command) throws IOException, InterruptedException {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var words = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(words).isZero();
    return words;
  }
}
