package dev.bulkhead.nodeagent.disk;

import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.nodeagent.domain.Boot;
import dev.bulkhead.nodeagent.domain.Disk;
import dev.bulkhead.nodeagent.domain.Disk.Format;
import dev.bulkhead.nodeagent.domain.DomainPlanner.PreparedDisk;
import dev.bulkhead.nodeagent.linux.Command;
import dev.bulkhead.nodeagent.linux.Linux;
import dev.bulkhead.nodeagent.pod.PodUid;
import dev.bulkhead.nodeagent.pod.Volumes;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/// Makes the files that a guest's disks are: overlays, empty disks, the NoCloud disk. What exists
/// already from an interrupted start is made anew; no guest has run on it.
///
/// @param here the pod's volumes where the agent reaches them
/// @param there the same where libvirtd and QEMU will see them
public record DiskFiles(Volumes here, Volumes there) {
  private static final String SEED = "seed.iso";
  private static final FileAttribute<?> OWNERS_ALONE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  public List<PreparedDisk> disks(GuestSpec spec) throws IOException, RefusedException {
    var prepared = new ArrayList<PreparedDisk>();
    for (var disk : spec.disks()) {
      prepared.add(disk.image() == null ? empty(disk) : overlay(disk));
    }
    return prepared;
  }

  private PreparedDisk overlay(GuestSpec.Disk disk) throws IOException, RefusedException {
    var tree = new ImageTree(disk.image(), here.disk(disk.name()));
    var file = disk.imagePath() == null ? tree.onlyFileIn("/disk") : tree.file(disk.imagePath());
    var image = tree.root().resolve(file);
    var header = usable(disk, file, image);
    var base =
        new Disk.Source(there.disk(disk.name()).resolve(file).toString(), header.format(), null);
    var name = disk.name() + ".qcow2";
    var overlay = fresh(here.scratch().resolve(name));
    // -u: the base is not opened, so nothing in it is believed.
    Command.run(
        List.of(
            "qemu-img",
            "create",
            "-q",
            "-u",
            "-f",
            Format.QCOW2.word(),
            "-F",
            header.format().word(),
            "-b",
            base.path(),
            overlay.toString(),
            Long.toString(header.virtualBytes())));
    return new PreparedDisk(
        disk,
        new Disk.Source(there.scratch().resolve(name).toString(), Format.QCOW2, base),
        Linux.takesDirectIo(overlay) && Linux.takesDirectIo(image));
  }

  private static ImageHeader.Usable usable(GuestSpec.Disk disk, Path file, Path image)
      throws IOException, RefusedException {
    ByteBuffer start;
    try (var stream = Files.newInputStream(image)) {
      start = ByteBuffer.wrap(stream.readNBytes(ImageHeader.LENGTH));
    }
    return switch (ImageHeader.read(file.toString(), start, Files.size(image))) {
      case ImageHeader.Usable usable -> usable;
      case ImageHeader.Refused refused ->
          throw new RefusedException(
              "disk %s: the disk image /%s in %s %s"
                  .formatted(disk.name(), file, disk.image(), refused.reason()));
    };
  }

  private PreparedDisk empty(GuestSpec.Disk disk) throws IOException {
    var file = fresh(here.disk(disk.name()).resolve("disk.raw"));
    try (var raw = new RandomAccessFile(file.toFile(), "rw")) {
      raw.setLength(disk.emptyBytes());
    }
    return new PreparedDisk(
        disk,
        new Disk.Source(there.disk(disk.name()).resolve("disk.raw").toString(), Format.RAW, null),
        Linux.takesDirectIo(file));
  }

  /// Null when the guest has no cloud-init data.
  public Disk.Source seed(GuestSpec spec, PodUid pod) throws IOException, RefusedException {
    if (spec.cloudInit() == null) {
      return null;
    }
    var iso = fresh(here.scratch().resolve(SEED));
    if (spec.cloudInit().userData() != null) {
      var inline = fresh(here.scratch().resolve("user-data"));
      Files.writeString(inline, spec.cloudInit().userData());
      Seed.write(iso, pod.value(), spec.name(), inline);
      Files.delete(inline);
    } else {
      var secret = new ImageTree("secret " + spec.cloudInit().secretName(), here.userData());
      Seed.write(iso, pod.value(), spec.name(), secret.root().resolve(secret.file("userData")));
    }
    return new Disk.Source(there.scratch().resolve(SEED).toString(), Format.RAW, null);
  }

  /// Null when the guest boots from its disks.
  public Boot.Kernel kernel(GuestSpec spec) throws IOException, RefusedException {
    var kernel = spec.kernel();
    if (kernel == null) {
      return null;
    }
    var tree = new ImageTree(kernel.image(), here.kernel());
    return new Boot.Kernel(
        bootFile(tree, kernel.path(), "spec.kernel.path"),
        kernel.initrdPath() == null
            ? null
            : bootFile(tree, kernel.initrdPath(), "spec.kernel.initrdPath"),
        kernel.args());
  }

  private String bootFile(ImageTree tree, String path, String field)
      throws IOException, RefusedException {
    try {
      return there.kernel().resolve(tree.file(path)).toString();
    } catch (RefusedException e) {
      throw new RefusedException("%s: %s".formatted(field, e.getMessage()));
    }
  }

  /// A new empty file, never written through a link that lay in its place. Nobody but its owner
  /// reads or writes it, who becomes the guest's own user when libvirt starts the guest.
  private static Path fresh(Path file) throws IOException {
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      Files.delete(file);
    }
    return Files.createFile(file, OWNERS_ALONE);
  }
}
