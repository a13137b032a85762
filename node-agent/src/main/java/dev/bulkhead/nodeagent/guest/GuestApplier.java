package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.nodeagent.disk.RefusedException;
import dev.bulkhead.nodeagent.domain.Accelerator;
import dev.bulkhead.nodeagent.domain.HostDevice;
import dev.bulkhead.nodeagent.hypervisor.HypervisorUnavailableException;
import dev.bulkhead.nodeagent.keeper.Exit;
import dev.bulkhead.nodeagent.keeper.Keeper;
import dev.bulkhead.nodeagent.network.Link;
import dev.bulkhead.nodeagent.node.NodeAccelerator;
import dev.bulkhead.nodeagent.pod.PodUid;
import dev.bulkhead.nodeagent.pod.VmPod;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Timer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/// Does the next step for a guest. Each step may be done again after it was interrupted anywhere.
final class GuestApplier {
  private static final Logger LOG = Logger.getLogger(GuestApplier.class);

  private final Ports ports;
  private final GuestLauncher launcher;
  private final Supplier<NodeAccelerator> accelerator;

  /// The guests that this run of the agent has put into their pods. Doing it again is harmless, and
  /// needed after a restart: the DHCP sockets went with the old process.
  private final Map<PodUid, Joined> joined = new ConcurrentHashMap<>();

  private record Joined(Keeper keeper, int qemu) {}

  GuestApplier(Ports ports, Supplier<NodeAccelerator> accelerator) {
    this.ports = ports;
    this.launcher = new GuestLauncher(ports);
    this.accelerator = accelerator;
  }

  /// Of the QEMU that was put into the pod; null for none.
  Integer joinedPid(PodUid pod) {
    var done = joined.get(pod);
    return done == null ? null : done.qemu();
  }

  /// Of guests that this run of the agent has put into their pods: those whose keeper has died.
  List<PodUid> withDeadKeeper() throws IOException {
    var orphans = new ArrayList<PodUid>();
    for (var done : joined.values()) {
      if (!ports.keepers().alive(done.keeper())) {
        orphans.add(done.keeper().pod());
      }
    }
    return orphans;
  }

  /// Does the step as well as it can be done now.
  ///
  /// @return what is the matter, for a step that has not led to what it should
  Optional<String> apply(PodUid pod, GuestPlan plan, GuestFacts facts) throws IOException {
    var hypervisor = ports.hypervisor();
    switch (plan) {
      case GuestPlan.Attach(var device) -> {
        return attach(pod, device, facts);
      }
      case GuestPlan.Detach(var device) -> {
        return detach(device, facts);
      }
      case GuestPlan.Nothing _, GuestPlan.Wait _, GuestPlan.Keep _, GuestPlan.AwaitSpace _ -> {}
      case GuestPlan.Launch _ -> launch(pod, facts);
      case GuestPlan.Join _ -> join(pod, facts);
      case GuestPlan.Resume _ -> resume(pod, facts);
      case GuestPlan.Pause _ -> hypervisor.pause(facts.domain().name());
      case GuestPlan.PressPowerButton _ -> hypervisor.pressPowerButton(facts.domain().name());
      case GuestPlan.GiveUp giveUp -> ports.files().markEnd(pod, giveUp.end());
      case GuestPlan.Destroy _ -> hypervisor.destroy(facts.domain().name());
      case GuestPlan.End end -> end(pod, end.end(), facts);
      case GuestPlan.CleanUp _ -> cleanUp(pod);
    }
    return Optional.empty();
  }

  /// Whatever happens on the way, QEMU is put into its pod again.
  private Optional<String> attach(PodUid pod, HostDevice device, GuestFacts facts)
      throws IOException {
    var domain = facts.domain();
    var inTheWay = ports.devices().whyNot(device, facts.wanted());
    if (inTheWay.isPresent()) {
      return inTheWay;
    }
    ports.mounts().bringFromNode(device.folder());
    joined.remove(pod);
    var refusal =
        ports
            .keepers()
            .besides(
                facts.keeper(),
                domain.pid(),
                () ->
                    ports
                        .hypervisor()
                        .attach(domain.name(), device.with(device.settings().whileRunning())));
    joined.put(pod, new Joined(facts.keeper(), domain.pid()));
    if (refusal.isEmpty()) {
      LOG.infof("%s: has device %s", facts.pod(), device.id());
    }
    return refusal.map(
        words ->
            "device %s cannot be given to the running guest, which will have it at its next start: %s"
                .formatted(device.id(), words));
  }

  private Optional<String> detach(HostDevice device, GuestFacts facts) {
    var name = facts.domain().name();
    ports.hypervisor().detach(name, device);
    if (ports.hypervisor().find(name).filter(domain -> domain.has(device)).isEmpty()) {
      LOG.infof("%s: has let go of device %s", facts.pod(), device.id());
      return Optional.empty();
    }
    return Optional.of(
        "the guest has been asked to let go of device %s, and has not done so yet; one that never does"
                .formatted(device.id())
            + " keeps it until the VM is stopped");
  }

  private void launch(PodUid pod, GuestFacts facts) throws IOException {
    var started = Timer.start();
    try {
      launcher.launch(facts.pod(), facts.keeper(), usableAccelerator());
      started.stop(Metrics.timer("bulkhead.guest.launch"));
    } catch (RefusedException e) {
      ports.files().markEnd(pod, new GuestEnd(Exit.START_FAILED, e.getMessage()));
    }
  }

  private Accelerator usableAccelerator() throws RefusedException {
    return switch (accelerator.get()) {
      case NodeAccelerator.Available available -> available.accelerator();
      case NodeAccelerator.None none -> throw new RefusedException(none.message());
      case NodeAccelerator.Unknown _ ->
          throw new HypervisorUnavailableException(
              "whether this node can run guests is still being tried", null);
    };
  }

  /// From the pod alone: a newer agent may have started this guest, from a spec that this one does
  /// not understand.
  private void join(PodUid pod, GuestFacts facts) throws IOException {
    ports.keepers().adopt(facts.keeper(), facts.domain().pid());
    ports
        .networks()
        .join(
            facts.keeper(),
            Link.of(pod, facts.pod().vmUid()),
            hostname(facts.pod().name()),
            bandwidth(facts.pod()));
    joined.put(pod, new Joined(facts.keeper(), facts.domain().pid()));
  }

  /// None where a newer agent's spec is not understood.
  private static Long bandwidth(VmPod pod) {
    return pod.guest() == null ? null : pod.guest().interfaceBandwidth();
  }

  /// A VM's name may have dots; a host name is one DNS label.
  private static String hostname(String name) {
    return name.split("\\.", 2)[0];
  }

  private void resume(PodUid pod, GuestFacts facts) throws IOException {
    if (facts.bootedAt() == null) {
      ports.files().markBooted(pod, facts.now());
    }
    ports.hypervisor().resume(facts.domain().name());
  }

  private void end(PodUid pod, GuestEnd end, GuestFacts facts) throws IOException {
    release(pod);
    ports.files().markEnd(pod, end);
    var log = ports.files().directory(pod).qemuLog();
    ports.hypervisor().handOverLog(facts.pod().domainName(), log);
    ports.keepers().end(facts.keeper(), end.exit(), end.message());
    LOG.infof("%s: ended, %s: %s", facts.pod(), end.exit(), end.message());
  }

  private void cleanUp(PodUid pod) throws IOException {
    release(pod);
    ports.files().delete(pod);
  }

  private void release(PodUid pod) throws IOException {
    ports.mounts().removeBelow(ports.files().directory(pod).path());
    ports.networks().leave(pod);
    joined.remove(pod);
  }
}
