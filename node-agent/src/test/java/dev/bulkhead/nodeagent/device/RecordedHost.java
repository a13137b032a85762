package dev.bulkhead.nodeagent.device;

import dev.bulkhead.nodeagent.device.inventory.FailedResets;
import dev.bulkhead.nodeagent.device.inventory.Inventory;
import dev.bulkhead.nodeagent.device.inventory.InventoryReader;
import dev.bulkhead.nodeagent.device.offer.HostNetwork;
import dev.bulkhead.nodeagent.device.offer.HostUse;
import dev.bulkhead.nodeagent.device.offer.HostUseReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What `/sys` and `/proc` of a host say of its hardware, kept in one text file
/// (src/test/resources/hosts) and laid out as files again. A section is a directory; `name = text`
/// in it a file, with `\n` for a new line, and `name -> target` a link. The section `addresses`
/// stands for the host's network.
public final class RecordedHost {
  private static final Path RECORDS = Path.of("src/test/resources/hosts");

  private final Path root;

  private RecordedHost(Path root) {
    this.root = root;
  }

  public static List<String> names() {
    try (var files = Files.list(RECORDS)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".host"))
          .map(name -> name.substring(0, name.length() - ".host".length()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Lays a record out.
  ///
  /// @param root an empty directory
  public static RecordedHost unpack(String name, Path root) throws IOException {
    var directory = root;
    for (var line : Files.readAllLines(RECORDS.resolve(name + ".host"))) {
      if (line.startsWith("[")) {
        directory = Files.createDirectories(root.resolve(line.substring(1, line.length() - 1)));
      } else if (line.contains(" -> ")) {
        var parts = line.split(" -> ", 2);
        Files.createSymbolicLink(directory.resolve(parts[0]), Path.of(parts[1]));
      } else if (line.contains(" =")) {
        var parts = line.split(" = ?", 2);
        Files.writeString(
            directory.resolve(parts[0]), parts[1].translateEscapes() + System.lineSeparator());
      }
    }
    return new RecordedHost(root);
  }

  public Inventory inventory() throws IOException {
    return new InventoryReader(
            root.resolve("sys"), root.resolve("proc"), RECORDS.resolve("pci.ids"), failedResets())
        .read();
  }

  /// Of this host: none, until somebody adds one.
  public FailedResets failedResets() {
    return new FailedResets(root.resolve("sys"), root.resolve("cdi"));
  }

  public HostUse use() throws IOException {
    return new HostUseReader(root.resolve("sys"), root.resolve("proc"), addresses()).read();
  }

  private HostNetwork addresses() {
    return () -> {
      var addresses = new TreeMap<String, List<String>>();
      var directory = root.resolve("addresses");
      if (Files.exists(directory)) {
        try (var files = Files.newDirectoryStream(directory)) {
          for (var file : files) {
            addresses.put(
                file.getFileName().toString(),
                List.of(Files.readString(file).strip().split(" ", -1)));
          }
        }
      }
      return Map.copyOf(addresses);
    };
  }
}
