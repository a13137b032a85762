package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.nodeagent.device.inventory.FailedResets;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.inventory.Sysfs;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jboss.logging.Logger;

/// Resets what a guest had (kernel, Documentation/ABI/testing/sysfs-bus-pci, `reset`). What fails
/// to is kept from everybody until it appears anew: nobody knows what it would do to a driver of
/// the node's, or to its next user.
final class Resets {
  private static final Logger LOG = Logger.getLogger(Resets.class);

  private final Path sys;
  private final SysfsBinding.Kernel kernel;
  private final FailedResets failed;
  private final Runnable onFailure;

  /// @param sys the node's
  /// @param onFailure runs when there is another one in `failed`
  Resets(Path sys, SysfsBinding.Kernel kernel, FailedResets failed, Runnable onFailure) {
    this.sys = sys;
    this.kernel = kernel;
    this.failed = failed;
    this.onFailure = onFailure;
  }

  /// That nothing of the device failed: a claim by name keeps its device, and the scheduler may
  /// have given it to another before it was told.
  void require(Source source) throws IOException {
    var device =
        switch (source) {
          case Source.Group(var all) -> all;
          case Source.VirtualFunction vf -> List.of(vf.parent(), vf.address());
          case Source.Mediated mdev -> List.of(mdev.parent());
          case Source.Usb _ -> List.<PciAddress>of();
        };
    for (var function : device) {
      var why = failed.of(function);
      if (why.isPresent()) {
        throw new IOException(
            "is given to nobody, for its reset failed: %s when it was given back: %s. On the node, %s"
                .formatted(function, why.get(), cure(source, function)));
      }
    }
  }

  /// A rescan does not find virtual functions: their parent makes them.
  private static String cure(Source source, PciAddress function) {
    return source instanceof Source.VirtualFunction vf && vf.address().equals(function)
        ? "echo 0 >/sys/bus/pci/devices/%s/sriov_numvfs, once nobody has another one of that card, and have them made anew"
            .formatted(vf.parent())
        : "echo 1 >/sys/bus/pci/devices/%s/remove, then echo 1 >/sys/bus/pci/rescan"
            .formatted(function);
  }

  /// Resets a device that is still whole with vfio-pci. One that is not was reset already, or never
  /// was a guest's.
  ///
  /// @return false if a function failed to, now or before; then all of it is to stay where it is
  boolean reset(List<PciAddress> device) throws IOException {
    for (var function : device) {
      if (failed.of(function).isPresent()) {
        return false;
      }
    }
    boolean good = true;
    if (device.stream().allMatch(this::isWithVfio)) {
      for (var function : device) {
        good &= reset(function);
      }
    }
    return good;
  }

  private boolean isWithVfio(PciAddress function) {
    return SysfsBinding.VFIO.equals(Sysfs.target(directory(function).resolve("driver")));
  }

  /// Those that the kernel knows a way for have the file. A function that never answers makes it
  /// wait for 60 s (its PCIE_RESET_READY_POLL_MS), longer than kubelet does, which asks again.
  private boolean reset(PciAddress function) throws IOException {
    var file = directory(function).resolve("reset");
    if (!Files.exists(file)) {
      return true;
    }
    try {
      kernel.write(file, "1");
    } catch (IOException e) {
      if (Files.isDirectory(directory(function))) {
        LOG.warnf("%s: reset failed: %s", function, e.getMessage());
        failed.add(function, String.valueOf(e.getMessage()));
        onFailure.run();
        return false;
      }
    }
    return true;
  }

  private Path directory(PciAddress function) {
    return Sysfs.function(sys, function);
  }
}
