package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.nodeagent.disk.DiskFiles;
import dev.bulkhead.nodeagent.disk.RefusedException;
import dev.bulkhead.nodeagent.domain.Accelerator;
import dev.bulkhead.nodeagent.domain.Domain;
import dev.bulkhead.nodeagent.domain.DomainPlanner;
import dev.bulkhead.nodeagent.domain.HostDevice;
import dev.bulkhead.nodeagent.domain.QemuUser;
import dev.bulkhead.nodeagent.domain.UnencodableTextException;
import dev.bulkhead.nodeagent.hypervisor.Hypervisor;
import dev.bulkhead.nodeagent.keeper.Keeper;
import dev.bulkhead.nodeagent.network.Link;
import dev.bulkhead.nodeagent.pod.VmPod;
import dev.bulkhead.nodeagent.pod.Volumes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/// Starts a guest as far as halted vCPUs: files, mounts, domain. May be done again after it was
/// interrupted anywhere.
final class GuestLauncher {
  private final Ports ports;

  GuestLauncher(Ports ports) {
    this.ports = ports;
  }

  /// Throws `RefusedException` when trying again as it is cannot help.
  void launch(VmPod pod, Keeper keeper, Accelerator accelerator)
      throws IOException, RefusedException {
    var devices = ports.devices().of(pod);
    var user = ports.files().create(keeper.pod());
    var prepared = prepare(pod.guest(), keeper, accelerator, user, devices);
    var domain = DomainPlanner.plan(pod.guest(), prepared);
    bringVolumes(pod.guest(), keeper);
    for (var folder : devices.stream().map(HostDevice::folder).collect(Collectors.toSet())) {
      ports.mounts().bringFromNode(folder);
    }
    start(domain);
  }

  private DomainPlanner.Prepared prepare(
      GuestSpec spec,
      Keeper keeper,
      Accelerator accelerator,
      QemuUser user,
      List<HostDevice> devices)
      throws IOException, RefusedException {
    var directory = ports.files().directory(keeper.pod());
    var disks = new DiskFiles(keeper.volumes(), directory.volumes());
    var link = Link.of(keeper.pod(), spec.vmUid());
    return new DomainPlanner.Prepared(
        keeper.pod().value(),
        accelerator,
        user,
        directory,
        disks.kernel(spec),
        disks.disks(spec),
        disks.seed(spec, keeper.pod()),
        link.mac(),
        link.tap(),
        ports.networks().mtu(keeper),
        devices);
  }

  private void start(Domain domain) throws IOException, RefusedException {
    try {
      switch (ports.hypervisor().startPaused(domain)) {
        case Hypervisor.Start.Started _ -> {
          if (ports.hypervisor().find(domain.name()).isEmpty()) {
            throw new IOException("the guest's QEMU ended as soon as it was started");
          }
        }
        case Hypervisor.Start.Refused refused ->
            throw new RefusedException("libvirt cannot start this guest: " + refused.message());
      }
    } catch (UnencodableTextException e) {
      throw new RefusedException(e.getMessage());
    }
  }

  /// All but the user data, which only the agent reads.
  private void bringVolumes(GuestSpec spec, Keeper keeper) throws IOException {
    var there = ports.files().directory(keeper.pod()).volumes();
    var inKeeper = new Volumes(Path.of(Contract.VOLUMES));
    ports.mounts().bring(keeper.pid(), inKeeper.scratch(), there.scratch());
    if (spec.kernel() != null) {
      ports.mounts().bring(keeper.pid(), inKeeper.kernel(), there.kernel());
    }
    for (var disk : spec.disks()) {
      ports.mounts().bring(keeper.pid(), inKeeper.disk(disk.name()), there.disk(disk.name()));
    }
  }
}
