package dev.bulkhead.e2e.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// `/sys` and `/proc` of a machine with 256 PCI functions, as far as the node agent reads them: 32
/// ports with a card of seven functions behind each, of which half are network cards with six
/// virtual functions, a quarter disks, and a quarter display adapters in one IOMMU group each.
final class PlayedHardware {
  static final int FUNCTIONS = 256;

  /// What can be given away: on each of 16 network cards the card itself and its virtual functions,
  /// on each of 8 cards with disks seven of them, of 8 groups of display adapters one each.
  static final int DEVICES = 16 * 7 + 8 * 7 + 8;

  private static final int CARDS = 32;
  private static final int ON_CARD = 7;
  private static final String ROOT = "pci0000:00";

  /// Ports fill 4 of the root bus's slots, 8 functions each, from slot 1.
  private static final int PORTS_IN_SLOT = 8;

  /// `first last flags`, as of a BAR of 8 MiB, and none in the five others.
  private static final String RESOURCE =
      "0x00000000e0000000 0x00000000e07fffff 0x0000000000040200\n"
          + "0x0000000000000000 0x0000000000000000 0x0000000000000000\n".repeat(5);

  private final Path root;
  private final Path devices;
  private int groups;

  private PlayedHardware(Path root) {
    this.root = root;
    this.devices = root.resolve("sys/devices").resolve(ROOT);
  }

  /// @param root an empty folder
  static void layOut(Path root) throws IOException {
    var hardware = new PlayedHardware(root);
    hardware.write(root.resolve("proc/interrupts"), "9: 0 4 IR-IO-APIC 9-fasteoi acpi");
    hardware.write(root.resolve("proc/1/mountinfo"), "22 1 0:20 / /proc rw - proc proc rw");
    for (int card = 0; card < CARDS; card++) {
      hardware.card(card);
    }
  }

  private void card(int card) throws IOException {
    var port = "0000:00:%02x.%d".formatted(1 + card / PORTS_IN_SLOT, card % PORTS_IN_SLOT);
    var behind = devices.resolve(port);
    function(devices.resolve(port), "60400", "8086:2030", "pcieport", groups++);
    switch (card % 4) {
      case 0, 2 -> networkCard(card, behind);
      case 1 -> disks(card, behind);
      default -> adapters(card, behind);
    }
  }

  private static String address(int card, int device, int function) {
    return "0000:%02x:%02x.%d".formatted(card + 1, device, function);
  }

  private void networkCard(int card, Path behind) throws IOException {
    var physical = behind.resolve(address(card, 0, 0));
    function(physical, "20000", "8086:158B", "i40e", groups++);
    write(physical.resolve("sriov_totalvfs"), "6");
    write(physical.resolve("sriov_numvfs"), "6");
    write(physical.resolve("sriov_offset"), "16");
    write(physical.resolve("sriov_stride"), "1");
    write(physical.resolve("sriov_vf_device"), "154c");
    network(physical, "ens%d".formatted(card));
    for (int i = 0; i < ON_CARD - 1; i++) {
      var virtual = behind.resolve(address(card, 2, i));
      function(virtual, "20000", "8086:154C", "iavf", groups++);
      link(virtual.resolve("physfn"), physical);
      network(virtual, "ens%dv%d".formatted(card, i));
    }
  }

  private void network(Path function, String name) throws IOException {
    write(function.resolve("net").resolve(name).resolve("operstate"), "down");
    link(root.resolve("sys/class/net").resolve(name), function.resolve("net").resolve(name));
  }

  private void disks(int card, Path behind) throws IOException {
    for (int i = 0; i < ON_CARD; i++) {
      var function = behind.resolve(address(card, 0, i));
      function(function, "10802", "144D:A808", "nvme", groups++);
      var number = card * ON_CARD + i;
      var disk = function.resolve("nvme/nvme%1$d/nvme%1$dn1".formatted(number));
      write(disk.resolve("dev"), "259:" + number);
      link(root.resolve("sys/class/block/nvme%dn1".formatted(number)), disk);
      link(root.resolve("sys/dev/block/259:" + number), disk);
    }
  }

  private void adapters(int card, Path behind) throws IOException {
    for (int i = 0; i < ON_CARD; i++) {
      function(behind.resolve(address(card, 0, i)), "30000", "10DE:2204", "nouveau", groups);
    }
    groups++;
  }

  private void function(Path function, String code, String id, String driver, int group)
      throws IOException {
    var name = function.getFileName().toString();
    write(
        function.resolve("uevent"),
        "DRIVER=%s\nPCI_CLASS=%s\nPCI_ID=%s\nPCI_SUBSYS_ID=8086:0001\nPCI_SLOT_NAME=%s"
            .formatted(driver, code, id, name));
    write(function.resolve("numa_node"), "0");
    write(function.resolve("max_link_speed"), "16.0 GT/s PCIe");
    write(function.resolve("max_link_width"), "16");
    write(function.resolve("reset_method"), "flr bus");
    write(function.resolve("resource"), RESOURCE);
    write(function.resolve("aer_dev_fatal"), "Undefined 0\nTOTAL_ERR_FATAL 0");
    var members = root.resolve("sys/kernel/iommu_groups").resolve(Integer.toString(group));
    link(function.resolve("iommu_group"), members);
    link(members.resolve("devices").resolve(name), function);
    link(root.resolve("sys/bus/pci/devices").resolve(name), function);
  }

  private void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text.stripTrailing() + "\n");
  }

  /// By a relative path, as all links in sysfs are.
  private static void link(Path link, Path target) throws IOException {
    Files.createDirectories(link.getParent());
    Files.createSymbolicLink(link, link.getParent().relativize(target));
  }
}
