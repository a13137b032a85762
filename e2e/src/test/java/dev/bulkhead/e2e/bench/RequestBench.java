package dev.bulkhead.e2e.bench;

import dev.bulkhead.e2e.Hosts;
import dev.bulkhead.e2e.Lab;
import dev.bulkhead.e2e.Manifests;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Whether the memory that the operator requests beyond a guest's own is what QEMU takes, from the
/// smallest guests to the largest. QEMU is measured under bare libvirt, since a guest of 64 GiB
/// fits on few nodes; the guest has booted and answered, and touches little of its memory. So the
/// page tables of all of it are added by calculation, and those of the real ones not counted. In 64
/// MiB the tiny guest's kernel does not come up, and in 64 GiB with 64 vCPUs not in minutes under
/// TCG on two cores: those two are given a while instead, with all vCPUs and devices at work.
record RequestBench(Lab lab, Hosts hosts) {
  private static final String MODEL = "model";

  /// Of 8 bytes for each page of 4 KiB (x86).
  private static final double GUEST_BYTES_PER_PAGE_TABLE_BYTE = 512;

  /// What a boot leaves in flight is given back.
  private static final Duration SETTLE = Duration.ofSeconds(5);

  private static final Duration WITHOUT_BOOT = Duration.ofSeconds(30);

  private static final List<Size> SIZES =
      List.of(
          new Size(64, 1),
          new Size(96, 1),
          new Size(512, 2),
          new Size(4 << 10, 4),
          new Size(16 << 10, 16),
          new Size(64 << 10, 64));

  private record Size(long mib, int vcpus) {
    String name() {
      return "%dmib_%dvcpus".formatted(mib, vcpus);
    }

    boolean boots() {
      return mib >= 96 && vcpus <= 16;
    }

    String in(String xml) {
      return xml.replaceAll("(emory unit='KiB'>)\\d+", "$1" + mib * 1024)
          .replaceFirst("(<vcpu[^>]*>)\\d+", "$1" + vcpus)
          .replaceFirst("(<topology [^>]*cores=')\\d+", "$1" + vcpus);
    }
  }

  /// All in MiB, beyond the guest's memory.
  private record Point(Size size, double requested, double qemu, double pageTables) {
    double left() {
      return requested - qemu - pageTables;
    }
  }

  void run(Report report) {
    var host = hosts.on(lab.firstNode());
    lab.apply(Manifests.tinyGuest(MODEL, Manifests.onNode(host.name())));
    lab.awaitRunning(MODEL);
    var points = new ArrayList<Point>();
    try (var bare = new BareLibvirt(host, lab, MODEL)) {
      lab.delete("vm/" + MODEL);
      for (var size : SIZES) {
        bare.create(size.in(bare.xml()));
        if (size.boots()) {
          HttpProbe.firstAnswer(host, bare.inNetwork(), BareLibvirt.GUEST_ADDRESS);
          Timeline.pass(SETTLE);
        } else {
          Timeline.pass(WITHOUT_BOOT);
        }
        var memory = ProcessMemory.of(host, bare.qemuPid(), size.mib() * 1024);
        if (memory.guestRam() == 0) {
          throw new IllegalStateException("no mapping of the size of " + size + " in QEMU");
        }
        points.add(
            new Point(
                size,
                requested(size),
                memory.beyondGuestMib() - memory.pageTablesMib(),
                size.mib() / GUEST_BYTES_PER_PAGE_TABLE_BYTE));
        bare.destroy();
      }
    }
    for (var point : points) {
      report.figure(
          "request_left_%s_mib".formatted(point.size().name()),
          point.left(),
          "MiB",
          "requested %.0f beyond the guest, QEMU has %.0f, page tables up to %.0f"
              .formatted(point.requested(), point.qemu(), point.pageTables()));
    }
    report.figureAtLeast(
        "request_left_mib",
        points.stream().mapToDouble(Point::left).min().orElseThrow(),
        "MiB",
        0,
        "the least of these");
    report.samples("request", Map.of("mib_beyond_guest", points));
  }

  /// Of a VM that no node is there for.
  private double requested(Size size) {
    var vm = "sized-" + size.mib();
    lab.apply(
        Manifests.tinyGuest(vm, Manifests.onNode("none"))
            .replace("cores: 1", "cores: " + size.vcpus())
            .replace("size: 96Mi", "size: %dMi".formatted(size.mib())));
    var pods = lab.client().pods().inNamespace(lab.namespace());
    Lab.awaitTrue("the pod of " + vm, () -> pods.withName(vm).get() != null);
    var container = pods.withName(vm).get().getSpec().getContainers().getFirst();
    lab.delete("vm/" + vm);
    var bytes = Quantity.getAmountInBytes(container.getResources().getRequests().get("memory"));
    return bytes.doubleValue() / (1024 * 1024) - size.mib();
  }
}
