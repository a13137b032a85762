package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.nodeagent.hypervisor.HypervisorUnavailableException;
import dev.bulkhead.nodeagent.node.NodeAccelerator;
import dev.bulkhead.nodeagent.pod.PodReports;
import dev.bulkhead.nodeagent.pod.PodUid;
import dev.bulkhead.nodeagent.pod.PodWatch;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.micrometer.core.instrument.Metrics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/// Brings one guest to what its pod says, step by step, and reports what became of it.
final class GuestReconciler {
  private static final Logger LOG = Logger.getLogger(GuestReconciler.class);

  /// Some guests miss a power button pressed while they boot.
  private static final Duration PRESS_AGAIN = Duration.ofSeconds(3);

  /// Nothing tells when a file system has room again.
  private static final Duration LOOK_FOR_SPACE = Duration.ofSeconds(3);

  /// Nothing tells when what is in a device's way has gone; a guest that boots lets go of nothing.
  private static final Duration DEVICES_AGAIN = Duration.ofSeconds(10);

  /// The net under the event that libvirt sends when it is done.
  private static final Duration CHANGES = Duration.ofSeconds(1);

  /// The longest way, from nothing to running, has four, and each function of a device one more, of
  /// which there are 8 at most; many more means that a step has no effect.
  private static final int MAX_STEPS = 40;

  private final PodWatch pods;
  private final PodReports reports;
  private final Ports ports;
  private final GuestObserver observer;
  private final GuestApplier applier;
  private final Supplier<NodeAccelerator> accelerator;

  GuestReconciler(
      PodWatch pods, PodReports reports, Ports ports, Supplier<NodeAccelerator> accelerator) {
    this.pods = pods;
    this.reports = reports;
    this.ports = ports;
    this.observer = new GuestObserver(pods, ports);
    this.applier = new GuestApplier(ports, accelerator);
    this.accelerator = accelerator;
  }

  /// Guests that nothing will tell about, but that must be looked at.
  List<PodUid> withDeadKeeper() throws IOException {
    return applier.withDeadKeeper();
  }

  WorkQueue.Next reconcile(PodUid pod) {
    var troubles = new TreeMap<String, String>(); // by the device
    try {
      for (int step = 0; step < MAX_STEPS; step++) {
        var facts = observer.observe(pod, applier.joinedPid(pod), Set.copyOf(troubles.keySet()));
        var plan = GuestPlanner.plan(facts);
        LOG.debugf("%s: %s", pod, plan);
        applier.apply(pod, plan, facts).ifPresent(words -> troubles.put(device(plan), words));
        if (rests(plan)) {
          report(pod, facts, plan, troubles.values());
          return troubles.isEmpty() ? next(facts, plan) : new WorkQueue.Next.After(DEVICES_AGAIN);
        }
      }
      return retry(pod, new IOException("its domain does not do what it is told to"));
    } catch (IOException | UncheckedIOException e) {
      return retry(pod, e);
    } catch (HypervisorUnavailableException | KubernetesClientException e) {
      return retry(pod, e);
    }
  }

  private static String device(GuestPlan plan) {
    return switch (plan) {
      case GuestPlan.Attach(var device) -> device.id();
      case GuestPlan.Detach(var device) -> device.id();
      default -> throw new IllegalArgumentException("concerns no device: " + plan);
    };
  }

  /// Whether nothing more can be done until something happens.
  static boolean rests(GuestPlan plan) {
    return switch (plan) {
      case GuestPlan.Nothing _,
          GuestPlan.Wait _,
          GuestPlan.Keep _,
          GuestPlan.AwaitSpace _,
          GuestPlan.PressPowerButton _,
          GuestPlan.End _ ->
          true;
      case GuestPlan.Launch _,
          GuestPlan.Join _,
          GuestPlan.Resume _,
          GuestPlan.Pause _,
          GuestPlan.Attach _,
          GuestPlan.Detach _,
          GuestPlan.GiveUp _,
          GuestPlan.Destroy _,
          GuestPlan.CleanUp _ ->
          false;
    };
  }

  private WorkQueue.Next next(GuestFacts facts, GuestPlan plan) {
    return switch (plan) {
      case GuestPlan.PressPowerButton _ -> {
        var left = Duration.between(facts.now(), GuestPlanner.powerOffAt(facts));
        yield new WorkQueue.Next.After(left.compareTo(PRESS_AGAIN) < 0 ? left : PRESS_AGAIN);
      }
      case GuestPlan.AwaitSpace _ -> new WorkQueue.Next.After(LOOK_FOR_SPACE);
      case GuestPlan.Wait _ when facts.domain() != null -> new WorkQueue.Next.After(CHANGES);
      case GuestPlan.Wait _ when facts.keeper() != null ->
          new WorkQueue.Next.After(GuestStatus.WORTH_SAYING);
      default -> new WorkQueue.Next.OnTrigger();
    };
  }

  private void report(PodUid pod, GuestFacts facts, GuestPlan plan, Collection<String> troubles) {
    var words = troubles.isEmpty() ? null : String.join("; ", troubles);
    var report = GuestStatus.of(facts, plan, words, reportedAccelerator());
    if (report != null) {
      reports.publish(facts.pod(), report);
    } else if (facts.pod() == null) {
      reports.forget(pod);
    }
  }

  private GuestReport.Accelerator reportedAccelerator() {
    return accelerator.get() instanceof NodeAccelerator.Available available
        ? switch (available.accelerator()) {
          case KVM -> GuestReport.Accelerator.KVM;
          case TCG -> GuestReport.Accelerator.TCG;
        }
        : null;
  }

  private WorkQueue.Next retry(PodUid uid, Exception e) {
    var pod = pods.find(uid);
    LOG.warnf("%s: %s; trying again", pod == null ? uid : pod, e.getMessage());
    Metrics.counter("bulkhead.guest.retries").increment();
    if (pod != null) {
      try {
        var report =
            GuestStatus.delayed(
                pod, ports.files().bootedAt(uid), ports.clock().instant(), e.getMessage());
        if (report != null) {
          reports.publish(pod, report);
        }
      } catch (IOException | KubernetesClientException again) {
        LOG.warnf("%s: could not report that: %s", pod, again.getMessage());
      }
    }
    return new WorkQueue.Next.Retry();
  }
}
