package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.nodeagent.hypervisor.GuestDomain.State;
import dev.bulkhead.nodeagent.hypervisor.Hypervisor.Ending;
import dev.bulkhead.nodeagent.keeper.Keeper;
import dev.bulkhead.nodeagent.pod.PodUid;
import dev.bulkhead.nodeagent.pod.PodWatch;
import dev.bulkhead.nodeagent.pod.VmPod;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import org.jboss.logging.Logger;

/// Reads what is known of a guest. It changes nothing and concludes nothing.
final class GuestObserver {
  /// In bytes. A guest that goes on with less is halted again in the same moment.
  private static final long SOME_SPACE = 16 << 20;

  private static final Logger LOG = Logger.getLogger(GuestObserver.class);

  private final PodWatch pods;
  private final Ports ports;

  GuestObserver(PodWatch pods, Ports ports) {
    this.pods = pods;
    this.ports = ports;
  }

  /// A guest is ended when its pod is gone, so that is not left to the watch: what an informer
  /// lists at its start may be an API server's old state.
  ///
  /// @param joinedPid what only this run of the agent can know
  /// @param troubled what only this look can know
  /// @throws IOException if it cannot be known now
  GuestFacts observe(PodUid uid, Integer joinedPid, Set<String> troubled) throws IOException {
    var hypervisor = ports.hypervisor();
    var files = ports.files();
    var pod = pods.find(uid);
    var named =
        pod == null
            ? hypervisor.all().stream().filter(domain -> domain.pod().equals(uid)).findFirst()
            : hypervisor.find(pod.domainName());
    var keeper = pod == null ? null : ports.keepers().find(uid).orElse(null);
    var own = named.filter(domain -> domain.pod().equals(uid));
    if (pod == null && own.isPresent() && !pods.confirmsGone(uid)) {
      throw new IOException("its guest runs, and the watch has not told of it yet");
    }
    return new GuestFacts(
        ports.clock().instant(),
        pod,
        keeper,
        own.orElse(null),
        own.filter(domain -> domain.state() == State.OUT_OF_SPACE).isPresent()
            && space(pod, keeper),
        named.isPresent() && own.isEmpty(),
        files.bootedAt(uid),
        pod == null ? Ending.UNKNOWN : hypervisor.lastEnding(pod.domainName()),
        own.isEmpty() && keeper != null && ports.keepers().ranOutOfMemory(keeper),
        files.end(uid),
        joinedPid,
        pod == null || own.isEmpty() ? GuestDevices.Wanted.NOTHING : wanted(pod),
        troubled,
        files.exist(uid));
  }

  /// A guest goes on as it is without.
  private GuestDevices.Wanted wanted(VmPod pod) {
    try {
      return ports.devices().wanted(pod);
    } catch (IOException e) {
      LOG.debugf("%s: its devices are not known: %s", pod, e.getMessage());
      return null;
    }
  }

  /// Of every volume that the guest's disks lie in.
  private static boolean space(VmPod pod, Keeper keeper) {
    if (keeper == null || pod.guest() == null) {
      return false;
    }
    var volumes = keeper.volumes();
    if (!hasSpace(volumes.scratch())) {
      return false;
    }
    for (var disk : pod.guest().disks()) {
      if (disk.image() == null && !hasSpace(volumes.disk(disk.name()))) {
        return false;
      }
    }
    return true;
  }

  /// Not by FileStore, which looks for the path among the agent's own mounts.
  private static boolean hasSpace(Path volume) {
    return volume.toFile().getUsableSpace() >= SOME_SPACE;
  }
}
