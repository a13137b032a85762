package dev.bulkhead.nodeagent.device.inventory;

import static java.util.stream.Collectors.toMap;

import dev.bulkhead.nodeagent.device.inventory.PciFunction.Ids;
import dev.bulkhead.nodeagent.device.inventory.PciFunction.Link;
import dev.bulkhead.nodeagent.device.inventory.PciFunction.MdevType;
import dev.bulkhead.nodeagent.device.inventory.PciFunction.Physical;
import dev.bulkhead.nodeagent.device.inventory.Sysfs.MalformedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// Reads one directory of `/sys/bus/pci/devices` (kernel, Documentation/ABI/testing/sysfs-bus-pci).
final class PciFunctionReader {
  private static final int HEX = 16;

  /// `8.0 GT/s PCIe`, and in kernels before 5.8 without the last word.
  private static final Pattern SPEED = Pattern.compile("(\\d+)\\.(\\d) GT/s.*");

  /// Of NVIDIA's and Intel's descriptions of their types.
  private static final Pattern MAX_INSTANCE = Pattern.compile("max_instance=(\\d+)");

  private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  private final Path directory;
  private final Set<String> files;
  private final Map<String, String> uevent;

  private PciFunctionReader(Path directory) throws IOException, MalformedException {
    this.directory = directory;
    this.files = new HashSet<>(Sysfs.names(directory));
    var text = required("uevent");
    this.uevent =
        text.lines()
            .map(line -> line.split("=", 2))
            .filter(pair -> pair.length == 2)
            .collect(toMap(pair -> pair[0], pair -> pair[1], (_, last) -> last));
  }

  static PciFunction read(Path directory, FailedResets failedResets)
      throws IOException, MalformedException {
    return new PciFunctionReader(directory).function(failedResets);
  }

  private PciFunction function(FailedResets failedResets) throws IOException, MalformedException {
    var real = Sysfs.real(directory);
    var address = PciAddress.parse(directory.getFileName().toString());
    return new PciFunction(
        address,
        root(real),
        bridges(real),
        ids(),
        hex(uevent("PCI_CLASS")),
        uevent.get("DRIVER"),
        numaNode(),
        link(),
        iommuGroup(),
        words("reset_method"),
        largestBar(),
        resizableBar(),
        files.contains("mem_info_vram_total") ? number("mem_info_vram_total", 0) : null,
        physical(),
        files.contains("physfn")
            ? PciAddress.parse(Sysfs.target(directory.resolve("physfn")))
            : null,
        mdevTypes(),
        new TreeSet<>(Sysfs.names(directory.resolve("net"))),
        number("boot_vga", 0) == 1,
        fatalErrors(),
        failedResets.of(address).orElse(null));
  }

  /// `…/devices/pci0000:00/0000:00:01.0/0000:01:00.0`. A domain that hangs from a PCI function
  /// (VMD) has its root below that.
  private static String root(Path real) throws MalformedException {
    String root = null;
    for (var part : real) {
      if (part.toString().startsWith("pci") && part.toString().contains(":")) {
        root = part.toString();
      }
    }
    if (root == null) {
      throw new MalformedException(real, "no PCI root in its path");
    }
    return root;
  }

  private static List<PciAddress> bridges(Path real) {
    var bridges = new ArrayList<PciAddress>();
    for (var part : real.getParent()) {
      if (PciAddress.isOne(part.toString())) {
        bridges.add(PciAddress.parse(part.toString()));
      }
    }
    return List.copyOf(bridges);
  }

  private Ids ids() throws MalformedException {
    var id = pair("PCI_ID");
    var subsystem = pair("PCI_SUBSYS_ID");
    return new Ids(id[0], id[1], subsystem[0], subsystem[1]);
  }

  private String[] pair(String key) throws MalformedException {
    var pair = uevent(key).toLowerCase(Locale.ROOT).split(":", 2);
    if (pair.length != 2 || pair[0].length() != 4 || pair[1].length() != 4) {
      throw new MalformedException(directory.resolve("uevent"), key + "=" + uevent.get(key));
    }
    hex(pair[0]);
    hex(pair[1]);
    return pair;
  }

  private String uevent(String key) throws MalformedException {
    var value = uevent.get(key);
    if (value == null) {
      throw new MalformedException(directory.resolve("uevent"), "no " + key);
    }
    return value;
  }

  private int hex(String text) throws MalformedException {
    try {
      return Integer.parseInt(text, HEX);
    } catch (NumberFormatException _) {
      throw new MalformedException(directory.resolve("uevent"), text);
    }
  }

  private Integer numaNode() throws MalformedException {
    long node = number("numa_node", -1);
    return node < 0 ? null : (int) node;
  }

  private Link link() throws MalformedException {
    if (!files.contains("max_link_speed")) {
      return null;
    }
    var speed = Sysfs.text(directory.resolve("max_link_speed"));
    var match = SPEED.matcher(speed == null ? "" : speed);
    long width = number("max_link_width", 0);
    return match.matches() && width > 0
        ? new Link(
            Integer.parseInt(match.group(1)) * 1000 + Integer.parseInt(match.group(2)) * 100,
            (int) width)
        : null;
  }

  private Integer iommuGroup() throws MalformedException {
    var group = Sysfs.target(directory.resolve("iommu_group"));
    if (group == null) {
      return null;
    }
    try {
      return Integer.valueOf(group);
    } catch (NumberFormatException _) {
      throw new MalformedException(directory.resolve("iommu_group"), group);
    }
  }

  private List<String> words(String file) {
    var text = files.contains(file) ? Sysfs.text(directory.resolve(file)) : null;
    return text == null || text.isEmpty() ? List.of() : Arrays.asList(text.split("\\s+", -1));
  }

  private long largestBar() throws MalformedException {
    return files.contains("resource")
        ? ResizableBar.bytes(directory).stream().mapToLong(Long::longValue).max().orElse(0)
        : 0;
  }

  private ResizableBar resizableBar() {
    return files.stream().anyMatch(name -> name.endsWith("_resize"))
        ? ResizableBar.of(directory).orElse(null)
        : null;
  }

  private Physical physical() throws MalformedException {
    int total = (int) number("sriov_totalvfs", 0);
    return total == 0
        ? null
        : new Physical(
            total,
            (int) number("sriov_numvfs", 0),
            (int) number("sriov_offset", 0),
            (int) number("sriov_stride", 0),
            files.contains("sriov_vf_device")
                ? "%04x".formatted(hex(required("sriov_vf_device")))
                : null);
  }

  private List<MdevType> mdevTypes() throws IOException, MalformedException {
    if (!files.contains("mdev_supported_types")) {
      return List.of();
    }
    var types = new ArrayList<MdevType>();
    var all = directory.resolve("mdev_supported_types");
    for (var id : Sysfs.names(all)) {
      var type = all.resolve(id);
      var description = Sysfs.text(type.resolve("description"));
      var max = MAX_INSTANCE.matcher(description == null ? "" : description);
      types.add(
          new MdevType(
              id,
              Sysfs.text(type.resolve("name")),
              Sysfs.text(type.resolve("device_api")),
              (int) Sysfs.number(type.resolve("available_instances")).orElse(0),
              max.find() ? Integer.valueOf(max.group(1)) : null,
              Sysfs.names(type.resolve("devices")).stream()
                  .filter(UUID.asMatchPredicate())
                  .toList()));
    }
    return List.copyOf(types);
  }

  /// The last line of the file is their sum.
  private long fatalErrors() {
    var text =
        files.contains("aer_dev_fatal") ? Sysfs.text(directory.resolve("aer_dev_fatal")) : null;
    return text == null
        ? 0
        : text.lines()
            .filter(line -> line.startsWith("TOTAL_ERR_FATAL "))
            .map(line -> line.substring(line.indexOf(' ') + 1).strip())
            .filter(count -> count.chars().allMatch(Character::isDigit))
            .mapToLong(Long::parseLong)
            .findFirst()
            .orElse(0);
  }

  private long number(String file, long absent) throws MalformedException {
    return files.contains(file) ? Sysfs.number(directory.resolve(file)).orElse(absent) : absent;
  }

  private String required(String file) throws MalformedException {
    var text = Sysfs.text(directory.resolve(file));
    if (text == null) {
      throw new MalformedException(directory.resolve(file), "nothing");
    }
    return text;
  }
}
