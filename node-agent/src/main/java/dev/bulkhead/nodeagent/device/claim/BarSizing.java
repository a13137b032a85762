package dev.bulkhead.nodeagent.device.claim;

import static java.util.Comparator.comparing;

import dev.bulkhead.nodeagent.device.claim.Binding.Bar;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.inventory.ResizableBar;
import dev.bulkhead.nodeagent.device.inventory.Sysfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jboss.logging.Logger;

/// Chooses and sets the size of a device's resizable BAR: of all that its functions have, the one
/// that can be the largest. The kernel sets it only while no driver has the function (kernel,
/// Documentation/ABI/testing/sysfs-bus-pci, `resourceN_resize`).
final class BarSizing {
  private static final Logger LOG = Logger.getLogger(BarSizing.class);

  private final Path sys;
  private final SysfsBinding.Kernel kernel;

  /// @param sys the node's
  BarSizing(Path sys, SysfsBinding.Kernel kernel) {
    this.sys = sys;
    this.kernel = kernel;
  }

  /// What the BAR is to be.
  ///
  /// @param wish null for whatever it is
  /// @return null for whatever it is
  /// @throws IOException if there is none, or it cannot be that large
  Bar wanted(List<PciAddress> device, BarSize wish) throws IOException {
    if (wish == null) {
      return null;
    }
    var best = best(device);
    var bar = best.bar();
    var size =
        wish.of(bar)
            .orElseThrow(
                () ->
                    new IOException(
                        "has no such size: resizableBar in its parameters is \"%s\", and must be largest, smallest or one of %s, which BAR %d of %s can be"
                            .formatted(
                                wish.text(),
                                String.join(", ", bar.words()),
                                bar.number(),
                                best.function())));
    return new Bar(best.function(), bar.number(), size);
  }

  /// The same BAR as it is now; null for one whose size is none of its sizes.
  Bar now(Bar wanted) throws IOException {
    var bar = bar(wanted.function());
    return bar.size() < 0 ? null : new Bar(wanted.function(), bar.number(), bar.size());
  }

  private record Candidate(PciAddress function, ResizableBar bar) {}

  private Candidate best(List<PciAddress> device) throws IOException {
    return device.stream()
        .flatMap(
            function ->
                ResizableBar.of(directory(function)).stream()
                    .map(bar -> new Candidate(function, bar)))
        .max(comparing(candidate -> candidate.bar().largest()))
        .orElseThrow(
            () ->
                new IOException(
                    "has no resizable BAR: take resizableBar out of its parameters, or claim one that has the capacity largestResizableBar"));
  }

  private ResizableBar bar(PciAddress function) throws IOException {
    return ResizableBar.of(directory(function))
        .orElseThrow(() -> new IOException("has lost the resizable BAR of " + function));
  }

  boolean isDone(Bar wanted) throws IOException {
    return wanted.equals(now(wanted));
  }

  /// To be called while no driver has the function.
  void set(Bar wanted) throws IOException {
    try {
      write(wanted);
    } catch (IOException e) {
      throw new IOException(
          ("could not be prepared: BAR %d of %s did not become %s: %s. Mostly there is no room for it"
                  + " behind its bridge: turn on \"above 4G decoding\" and \"resizable BAR\" in the"
                  + " machine's setup, or ask for a smaller resizableBar")
              .formatted(
                  wanted.number(),
                  wanted.function(),
                  ResizableBar.words(wanted.size()),
                  e.getMessage()),
          e);
    }
  }

  /// The same, as well as it can be done: drivers work with either size.
  void putBack(Bar before) {
    try {
      if (!isDone(before)) {
        write(before);
      }
    } catch (IOException e) {
      LOG.warnf(
          "BAR %d of %s does not become %s again: %s",
          before.number(), before.function(), ResizableBar.words(before.size()), e.getMessage());
    }
  }

  private void write(Bar bar) throws IOException {
    kernel.write(
        directory(bar.function()).resolve("resource%d_resize".formatted(bar.number())),
        String.valueOf(bar.size()));
  }

  private Path directory(PciAddress function) {
    return Sysfs.function(sys, function);
  }
}
