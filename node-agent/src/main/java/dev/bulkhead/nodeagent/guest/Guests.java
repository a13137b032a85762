package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.nodeagent.device.claim.Prepared.PreparedDevice;
import dev.bulkhead.nodeagent.device.claim.Prepared.Recipient;
import dev.bulkhead.nodeagent.device.claim.PreparedFiles;
import dev.bulkhead.nodeagent.device.claim.Preparer;
import dev.bulkhead.nodeagent.device.claim.Viability;
import dev.bulkhead.nodeagent.device.inventory.NumaNodes;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain;
import dev.bulkhead.nodeagent.hypervisor.Hypervisor;
import dev.bulkhead.nodeagent.hypervisor.HypervisorUnavailableException;
import dev.bulkhead.nodeagent.keeper.Keepers;
import dev.bulkhead.nodeagent.mount.LibvirtMounts;
import dev.bulkhead.nodeagent.network.PodNetworks;
import dev.bulkhead.nodeagent.node.NodeAccelerator;
import dev.bulkhead.nodeagent.pod.PodReports;
import dev.bulkhead.nodeagent.pod.PodUid;
import dev.bulkhead.nodeagent.pod.PodWatch;
import dev.bulkhead.nodeagent.pod.VmPod;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Optional;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/// All guests of the node. Whatever happens only makes it look at the guests concerned; what is
/// then done is decided from facts alone.
public final class Guests implements Preparer.Guests, AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Guests.class);

  private final PodWatch pods;
  private final Hypervisor hypervisor;
  private final GuestFiles files;
  private final GuestReconciler reconciler;
  private final WorkQueue<PodUid> queue;

  /// Where guests are found and kept.
  ///
  /// @param guests the directory that agent and libvirtd share
  /// @param sys the node's /sys
  /// @param proc the node's /proc
  /// @param cgroups the node's /sys/fs/cgroup
  /// @param libvirtPid libvirtd's pid file
  /// @param cdi where it stands which devices claims have
  public record Places(Path guests, Path sys, Path proc, Path cgroups, Path libvirtPid, Path cdi) {}

  public Guests(
      Places places,
      PodWatch pods,
      PodReports reports,
      Hypervisor hypervisor,
      PodNetworks networks,
      Supplier<NodeAccelerator> accelerator) {
    this.pods = pods;
    this.hypervisor = hypervisor;
    this.files = new GuestFiles(places.guests());
    var ports =
        new Ports(
            hypervisor,
            new Keepers(places.proc(), places.cgroups()),
            new LibvirtMounts(places.proc(), places.libvirtPid()),
            networks,
            new GuestDevices(
                new PreparedFiles(places.cdi()),
                new Viability(places.sys()),
                new NumaNodes(places.sys(), places.proc())),
            files,
            InstantSource.system());
    this.reconciler = new GuestReconciler(pods, reports, ports, accelerator);
    this.queue = new WorkQueue<>(reconciler::reconcile);
  }

  /// Look at the guest of a pod. Returns at once.
  public void lookAt(PodUid pod) {
    if (pods.synced()) {
      queue.trigger(pod);
    }
  }

  /// Look at the guests of that domain name. Returns at once.
  public void lookAtDomain(String name) {
    pods.all().stream()
        .filter(pod -> pod.domainName().equals(name))
        .map(VmPod::uid)
        .forEach(this::lookAt);
  }

  /// Look at all there is: pods, domains and what is left of former guests.
  public void lookAtAll() {
    var known = new HashSet<PodUid>();
    pods.all().forEach(pod -> known.add(pod.uid()));
    try {
      known.addAll(files.pods());
      hypervisor.all().stream().map(GuestDomain::pod).forEach(known::add);
    } catch (IOException | HypervisorUnavailableException e) {
      LOG.warnf("not all guests could be found: %s", e.getMessage());
    }
    known.forEach(this::lookAt);
  }

  @Override
  public void give(Recipient recipient) {
    lookAt(new PodUid(recipient.pod()));
  }

  /// Its claim's file says that it is asked back.
  @Override
  public Optional<String> askBack(PreparedDevice device) throws IOException {
    var given = new GuestDevices.Given("", device);
    var domains = hypervisor.all();
    if (domains.stream().anyMatch(domain -> domain.state() == GuestDomain.State.CHANGING)) {
      throw new IOException("may be in a guest that is being started or cleared away");
    }
    var holder =
        domains.stream().filter(domain -> given.inGuest().anyMatch(domain::has)).findFirst();
    holder.ifPresent(domain -> lookAt(domain.pod()));
    return holder.map(GuestDomain::name);
  }

  /// Nothing tells that a process of another parent has died.
  public void lookForDeadKeepers() {
    try {
      reconciler.withDeadKeeper().forEach(this::lookAt);
    } catch (IOException e) {
      LOG.warnf("not all keepers could be looked at: %s", e.getMessage());
    }
  }

  /// A guest may write to its console without end.
  public void trimConsoles() {
    try {
      for (var pod : files.pods()) {
        files.trimConsole(pod);
      }
    } catch (IOException e) {
      LOG.warnf("a guest's console log could not be shortened: %s", e.getMessage());
    }
  }

  /// Whether nothing of any guest is on the node, and nothing is being done for one. Once closed,
  /// it stays so until another agent comes.
  public boolean none() throws IOException {
    return queue.idle() && files.pods().isEmpty();
  }

  @Override
  public void close() {
    queue.close();
  }
}
