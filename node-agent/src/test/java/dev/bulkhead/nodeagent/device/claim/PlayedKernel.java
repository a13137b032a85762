package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.inventory.Sysfs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Does to a directory what the kernel does to its sysfs when that is written to: drivers come and
/// go, and BARs change, but only where no driver has the function (kernel,
/// drivers/pci/pci-sysfs.c).
final class PlayedKernel implements SysfsBinding.Kernel {
  private final Path sys;
  private final Map<String, String> hostDrivers = new HashMap<>();

  /// What was written and taken, as `FILE TEXT`, each file below its function's directory.
  final List<String> written = new ArrayList<>();

  /// By the file's name, or `ADDRESS/FILE`, what writing it fails with.
  final Map<String, String> refused = new HashMap<>();

  /// How many writes it takes before the writer is killed, in its next one.
  int alive = Integer.MAX_VALUE;

  /// Kill -9, to the program.
  static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  PlayedKernel(Path sys) throws IOException {
    this.sys = sys;
    Files.createDirectories(sys.resolve("bus/pci/drivers/vfio-pci"));
    for (var function : Sysfs.names(sys.resolve("bus/pci/devices"))) {
      var driver = driver(function);
      if (driver != null) {
        hostDrivers.put(function, driver);
      }
    }
  }

  Path directory(String function) {
    return sys.resolve("bus/pci/devices").resolve(function);
  }

  /// Null for none.
  String driver(String function) {
    return Sysfs.target(directory(function).resolve("driver"));
  }

  void bind(String function, String driver) throws IOException {
    Files.deleteIfExists(directory(function).resolve("driver"));
    Files.createSymbolicLink(
        directory(function).resolve("driver"), sys.resolve("bus/pci/drivers").resolve(driver));
  }

  /// Removed and found again: a directory with another inode.
  void appearAnew(String function) throws IOException {
    var real = directory(function).toRealPath();
    var before = Files.createTempDirectory(real.getParent(), "before").resolve(function);
    Files.move(real, before);
    Files.createDirectory(real);
    for (var name : Sysfs.names(before)) {
      if (!name.equals("driver_override")) {
        Files.move(before.resolve(name), real.resolve(name));
      }
    }
    probe(function);
  }

  @Override
  public void write(Path file, String text) throws IOException {
    if (alive-- == 0) {
      throw new Killed();
    }
    var name = file.getFileName().toString();
    var parent = file.getParent().getFileName().toString();
    var refusal = refused.getOrDefault(parent + "/" + name, refused.get(name));
    if (refusal != null) {
      throw new IOException(refusal);
    }
    switch (name) {
      case "driver_override" -> Files.writeString(file, text);
      case "unbind" -> Files.delete(directory(text).resolve("driver"));
      case "drivers_probe" -> probe(text);
      case "reset" -> {}
      default -> resize(parent, name, Integer.parseInt(text));
    }
    written.add("%s %s".formatted(PciAddress.isOne(parent) ? parent + "/" + name : name, text));
  }

  private void probe(String function) throws IOException {
    var override = Sysfs.text(directory(function).resolve("driver_override"));
    var driver = override == null || override.isEmpty() ? hostDrivers.get(function) : override;
    if (driver != null) {
      bind(function, driver);
    }
  }

  private void resize(String function, String name, int size) throws IOException {
    if (driver(function) != null) {
      throw new IOException("Device or resource busy");
    }
    var file = directory(function).resolve("resource");
    var lines = new ArrayList<>(Files.readAllLines(file));
    lines.set(
        name.charAt("resource".length()) - '0',
        "0x%016x 0x%016x 0x%016x"
            .formatted(1L << 40, (1L << 40) + (1L << (20 + size)) - 1, 0x14220cL));
    Files.write(file, lines);
  }
}
