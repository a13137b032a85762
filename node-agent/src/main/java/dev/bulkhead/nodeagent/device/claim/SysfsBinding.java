package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.nodeagent.device.inventory.FailedResets;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.inventory.Sysfs;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;

/// Binds and unbinds through sysfs (kernel, Documentation/ABI/testing/sysfs-bus-pci). Each step
/// looks first whether it is done already.
public final class SysfsBinding implements Binding {
  static final String VFIO = "vfio-pci";

  /// What the container behind each group of devices is opened by.
  private static final String CONTAINER = "/dev/vfio/vfio";

  private final Path sys;
  private final Kernel kernel;
  private final BarSizing bars;
  private final Resets resets;

  /// What sysfs is written to. The text of one write is one command, and the kernel's refusal is
  /// the write's.
  @FunctionalInterface
  interface Kernel {
    void write(Path file, String text) throws IOException;
  }

  /// @param sys the node's, writable
  /// @param onFailedReset runs when there is another one
  public SysfsBinding(Path sys, FailedResets failedResets, Runnable onFailedReset) {
    this(
        sys,
        failedResets,
        onFailedReset,
        (file, text) -> Files.writeString(file, text, StandardOpenOption.WRITE));
  }

  SysfsBinding(Path sys, FailedResets failedResets, Runnable onFailedReset, Kernel kernel) {
    this.sys = sys;
    this.kernel = kernel;
    this.bars = new BarSizing(sys, kernel);
    this.resets = new Resets(sys, kernel, failedResets, onFailedReset);
  }

  @Override
  public Bar look(Source source, DeviceSettings settings) throws IOException {
    resets.require(source);
    var wanted =
        source instanceof Source.Group(var functions)
            ? bars.wanted(functions, settings.bar())
            : null;
    var now = wanted == null ? null : bars.now(wanted);
    return Objects.equals(now, wanted) ? null : now;
  }

  @Override
  public Taken take(Source source, DeviceSettings settings) throws IOException {
    return switch (source) {
      case Source.Group(var functions) -> takeGroup(functions, settings);
      case Source.VirtualFunction vf -> takeVirtualFunction(vf, settings);
      case Source.Mediated mdev -> takeMediated(mdev);
      case Source.Usb(var port) -> new Taken(List.of(usbNode(port)));
    };
  }

  @Override
  public void giveBack(Source source, Bar before) throws IOException {
    switch (source) {
      case Source.Group(var functions) -> {
        if (resets.reset(functions)) {
          for (var function : functions) {
            release(function, true, before);
          }
        }
      }
      case Source.VirtualFunction vf -> {
        if (resets.reset(List.of(vf.address()))) {
          release(vf.address(), wantsDrivers(vf.parent()), null);
        }
      }
      case Source.Mediated mdev -> removeMediated(mdev);
      case Source.Usb _ -> {}
    }
  }

  private Taken takeGroup(List<PciAddress> functions, DeviceSettings settings) throws IOException {
    requireVfio();
    var bar = bars.wanted(functions, settings.bar());
    for (var function : functions) {
      bind(function, isOf(function, bar) ? bar : null);
    }
    return new Taken(List.of(CONTAINER, "/dev/vfio/" + groupOf(functions.getFirst())));
  }

  private void requireVfio() throws IOException {
    if (!Files.isDirectory(sys.resolve("bus/pci/drivers").resolve(VFIO))) {
      throw new IOException(
          "cannot be bound to vfio-pci: the node has not loaded that driver. Load it (modprobe"
              + " vfio-pci) on each boot, for example by /etc/modules-load.d");
    }
  }

  private static boolean isOf(PciAddress function, Bar bar) {
    return bar != null && bar.function().equals(function);
  }

  /// @param bar of the function, as it is to be; null for as it is
  private void bind(PciAddress function, Bar bar) throws IOException {
    var directory = directory(function);
    if (!Files.isDirectory(directory)) {
      throw new IOException("has lost function %s".formatted(function));
    }
    write(directory.resolve("driver_override"), VFIO);
    var driver = Sysfs.target(directory.resolve("driver"));
    boolean sized = bar == null || bars.isDone(bar);
    if (VFIO.equals(driver) && sized) {
      return;
    }
    if (driver != null) {
      write(directory.resolve("driver/unbind"), function.toString());
    }
    if (!sized) {
      bars.set(bar);
    }
    write(sys.resolve("bus/pci/drivers_probe"), function.toString());
    var now = Sysfs.target(directory.resolve("driver"));
    if (!VFIO.equals(now)) {
      throw new IOException(
          "cannot be bound to vfio-pci: function %s went to %s instead; the kernel's log says why"
              .formatted(function, now == null ? "no driver" : now));
    }
  }

  /// Whether the virtual functions of a card are given to drivers of the node's.
  private boolean wantsDrivers(PciAddress parent) {
    return !"0".equals(Sysfs.text(directory(parent).resolve("sriov_drivers_autoprobe")));
  }

  /// @param toDriver whether the node has a use for it
  /// @param before a BAR of the device's as it was; null for as it is
  private void release(PciAddress function, boolean toDriver, Bar before) throws IOException {
    var directory = directory(function);
    if (!Files.isDirectory(directory)) {
      return;
    }
    // An empty line takes the override away.
    write(directory.resolve("driver_override"), "\n");
    if (VFIO.equals(Sysfs.target(directory.resolve("driver")))) {
      write(directory.resolve("driver/unbind"), function.toString());
    }
    if (isOf(function, before) && Sysfs.target(directory.resolve("driver")) == null) {
      bars.putBack(before);
    }
    if (toDriver && Sysfs.target(directory.resolve("driver")) == null) {
      write(sys.resolve("bus/pci/drivers_probe"), function.toString());
    }
  }

  private Taken takeVirtualFunction(Source.VirtualFunction vf, DeviceSettings settings)
      throws IOException {
    requireVfio();
    if (!Files.isDirectory(directory(vf.address()))) {
      makeVirtualFunctions(vf.parent());
    }
    var group = groupOf(vf.address());
    setUp(vf, settings);
    bind(vf.address(), null);
    return new Taken(List.of(CONTAINER, "/dev/vfio/" + group));
  }

  private void setUp(Source.VirtualFunction vf, DeviceSettings settings) throws IOException {
    var network = Sysfs.names(directory(vf.parent()).resolve("net")).stream().findFirst();
    if (network.isPresent()) {
      VirtualFunctionLink.set(network.get(), vf.index(), settings.card());
    } else if (!settings.card().equals(DeviceSettings.Card.NONE)) {
      throw new IOException(
          "has settings for a network card, and %s is none, or its driver is not loaded"
              .formatted(vf.parent()));
    }
  }

  private void makeVirtualFunctions(PciAddress parent) throws IOException {
    var directory = directory(parent);
    var total = Sysfs.text(directory.resolve("sriov_totalvfs"));
    // The node has no use for them: no driver of its own takes them.
    write(directory.resolve("sriov_drivers_autoprobe"), "0");
    write(directory.resolve("sriov_numvfs"), total);
  }

  private Taken takeMediated(Source.Mediated mdev) throws IOException {
    var device = sys.resolve("bus/mdev/devices").resolve(mdev.uuid());
    if (!Files.exists(device)) {
      write(
          directory(mdev.parent())
              .resolve("mdev_supported_types")
              .resolve(mdev.type())
              .resolve("create"),
          mdev.uuid());
    }
    return new Taken(
        List.of(CONTAINER, "/dev/vfio/" + Sysfs.target(device.resolve("iommu_group"))));
  }

  private void removeMediated(Source.Mediated mdev) throws IOException {
    var device = sys.resolve("bus/mdev/devices").resolve(mdev.uuid());
    if (Files.exists(device)) {
      write(device.resolve("remove"), "1");
    }
  }

  private String usbNode(String port) throws IOException {
    var directory = sys.resolve("bus/usb/devices").resolve(port);
    var bus = Sysfs.text(directory.resolve("busnum"));
    var number = Sysfs.text(directory.resolve("devnum"));
    if (bus == null || number == null) {
      throw new IOException("was unplugged");
    }
    return "/dev/bus/usb/%03d/%03d".formatted(Integer.valueOf(bus), Integer.valueOf(number));
  }

  private String groupOf(PciAddress function) throws IOException {
    var group = Sysfs.target(directory(function).resolve("iommu_group"));
    if (group == null) {
      throw new IOException(
          Files.isDirectory(directory(function))
              ? "has no IOMMU group"
              : "was not made: virtual function %s did not appear".formatted(function));
    }
    return group;
  }

  private Path directory(PciAddress function) {
    return Sysfs.function(sys, function);
  }

  private void write(Path file, String text) throws IOException {
    try {
      kernel.write(file, text);
    } catch (IOException e) {
      throw new IOException(
          "could not be prepared: writing \"%s\" to %s: %s"
              .formatted(text.strip(), file, e.getMessage()),
          e);
    }
  }
}
