package dev.bulkhead.nodeagent.device.offer;

import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.inventory.Sysfs;
import dev.bulkhead.nodeagent.device.inventory.UsbDevice;
import dev.bulkhead.nodeagent.mount.MountInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// Finds out which hardware the node itself uses: disks that are mounted, swapped to, or part of
/// something greater, what its host shares with it, and network cards that carry its addresses. It
/// would rather keep a device too many: what is given away wrongly is a node lost.
public final class HostUseReader {
  /// `36 35 98:0 /root /mount options … - type source options` (proc_pid_mountinfo(5)).
  private static final int MOUNT_DEVICE = 2;

  private static final int MOUNT_ROOT = 3;
  private static final int MOUNT_POINT = 4;

  /// Drivers of file systems behind virtio (kernel, net/9p/trans_virtio.c, fs/fuse/virtio_fs.c).
  private static final List<String> SHARES = List.of("9pnet_virtio", "virtiofs");

  private final Path sys;
  private final Path proc;
  private final HostNetwork network;

  /// @param sys the node's own
  /// @param proc the node's, whose process 1 sees the node's mounts
  public HostUseReader(Path sys, Path proc, HostNetwork network) {
    this.sys = sys;
    this.proc = proc;
    this.network = network;
  }

  public HostUse read() throws IOException {
    var found = new Found();
    readMounts(found);
    readSwaps(found);
    readHeldDisks(found);
    readShares(found);
    readNetwork(found);
    return new HostUse(found.functions, found.usb);
  }

  private static final class Found {
    final Map<PciAddress, String> functions = new TreeMap<>();
    final Map<String, String> usb = new TreeMap<>();
  }

  private void readMounts(Found found) throws IOException {
    for (var line : Files.readAllLines(proc.resolve("1/mountinfo"))) {
      var fields = line.split(" ", -1);
      int separator = List.of(fields).indexOf("-");
      if (separator < 0 || fields.length < separator + 3) {
        continue;
      }
      var type = fields[separator + 1];
      var source = fields[separator + 2];
      var point = MountInfo.unescape(fields[MOUNT_POINT]);
      if (type.equals("zfs")) {
        keepAllDisks("may hold a part of the ZFS pool of " + point, found);
      } else if (type.equals("devtmpfs") && !fields[MOUNT_ROOT].equals("/")) {
        keepNamed(fields[MOUNT_ROOT].substring(1), "is mounted as a device at " + point, found);
      } else if (source.startsWith("/dev/")) {
        keepNumbered(fields[MOUNT_DEVICE], source, "holds " + point, found);
      }
    }
  }

  /// proc_swaps(5): name, type, size, used, priority, below a headline.
  private void readSwaps(Found found) throws IOException {
    for (var line : linesOf(proc.resolve("swaps"))) {
      if (line.startsWith("/dev/")) {
        keepNamed(line.split("\\s+", -1)[0].substring("/dev/".length()), "holds swap space", found);
      }
    }
  }

  private static List<String> linesOf(Path file) throws IOException {
    try {
      return Files.readAllLines(file);
    } catch (NoSuchFileException _) {
      return List.of();
    }
  }

  /// Of LVM, RAID, multipath, bcache or dm-crypt, mounted or not.
  private void readHeldDisks(Found found) throws IOException {
    for (var disk : Sysfs.names(sys.resolve("class/block"))) {
      var holders = Sysfs.names(sys.resolve("class/block").resolve(disk).resolve("holders"));
      if (!holders.isEmpty()) {
        keep(sys.resolve("class/block").resolve(disk), "is part of " + holders.getFirst(), found);
      }
    }
  }

  /// What a virtual machine's host shares with it, mounted or not: the mount of a root file system
  /// that lies below an overlay is out of sight.
  private void readShares(Found found) throws IOException {
    for (var driver : SHARES) {
      var devices = sys.resolve("bus/virtio/drivers").resolve(driver);
      for (var name : Sysfs.names(devices)) {
        if (name.startsWith("virtio") && Files.exists(devices.resolve(name))) {
          keepPath(Sysfs.real(devices.resolve(name)), "shares a folder of the host's", found);
        }
      }
    }
  }

  private void keepAllDisks(String why, Found found) throws IOException {
    for (var disk : Sysfs.names(sys.resolve("class/block"))) {
      keep(sys.resolve("class/block").resolve(disk), why, found);
    }
  }

  /// Btrfs and others have device numbers of their own, behind which is no disk; then the name
  /// counts.
  private void keepNumbered(String number, String name, String why, Found found)
      throws IOException {
    var numbered = sys.resolve("dev/block").resolve(number);
    if (Files.exists(numbered)) {
      keep(numbered, why, found);
    } else {
      keepNamed(name.substring(name.lastIndexOf('/') + 1), why, found);
    }
  }

  private void keepNamed(String name, String why, Found found) throws IOException {
    keep(sys.resolve("class/block").resolve(name.replace('/', '!')), why, found);
  }

  /// The disk, all that it is made of, and the way there.
  private void keep(Path disk, String why, Found found) throws IOException {
    var queue = new ArrayDeque<>(List.of(disk));
    var seen = new HashSet<Path>();
    while (!queue.isEmpty()) {
      Path real;
      try {
        real = Sysfs.real(queue.poll());
      } catch (NoSuchFileException _) {
        continue;
      }
      if (!seen.add(real)) {
        continue;
      }
      keepPath(real, "%s (%s)".formatted(why, Sysfs.real(disk).getFileName()), found);
      for (var part : Sysfs.names(real.resolve("slaves"))) {
        queue.add(real.resolve("slaves").resolve(part));
      }
      if (Files.exists(real.resolve("partition"))) {
        queue.add(real.getParent());
      }
      queue.addAll(controllersOf(real));
    }
  }

  /// Of an NVMe namespace that can be reached through several controllers: the kernel hangs it from
  /// a virtual subsystem then, in which the controllers are links.
  private static List<Path> controllersOf(Path disk) throws IOException {
    var controllers = new ArrayList<Path>();
    for (var at = disk.getParent(); at != null && at.getFileName() != null; at = at.getParent()) {
      if (at.getFileName().toString().startsWith("nvme-subsys")) {
        for (var name : Sysfs.names(at)) {
          if (name.matches("nvme\\d+")) {
            controllers.add(at.resolve(name));
          }
        }
      }
    }
    return controllers;
  }

  /// All on the way to a disk or an interface: whatever bus hangs from the function (virtio, USB),
  /// what is given away with it is gone.
  private static void keepPath(Path real, String why, Found found) {
    for (var part : real) {
      var name = part.toString();
      if (PciAddress.isOne(name)) {
        found.functions.putIfAbsent(PciAddress.parse(name), why);
      } else if (UsbDevice.isPort(name)) {
        found.usb.putIfAbsent(name, why);
      }
    }
  }

  private void readNetwork(Found found) throws IOException {
    var addresses = network.addresses();
    for (var name : Sysfs.names(sys.resolve("class/net"))) {
      var why = useOf(name, addresses);
      if (why != null) {
        try {
          keepPath(Sysfs.real(sys.resolve("class/net").resolve(name)), why, found);
        } catch (NoSuchFileException _) {
          // it went away while this was read
        }
      }
    }
  }

  private String useOf(String name, Map<String, List<String>> addresses) throws IOException {
    if (!addresses.getOrDefault(name, List.of()).isEmpty()) {
      return "carries the node's address %s (%s)".formatted(addresses.get(name).getFirst(), name);
    }
    var upper = uppersOf(name).stream().findFirst();
    return upper.map(master -> "is part of %s (%s)".formatted(master, name)).orElse(null);
  }

  private Set<String> uppersOf(String name) throws IOException {
    var uppers = new TreeSet<String>();
    for (var file : Sysfs.names(sys.resolve("class/net").resolve(name))) {
      if (file.startsWith("upper_")) {
        uppers.add(file.substring("upper_".length()));
      }
    }
    return uppers;
  }
}
