package dev.bulkhead.operator.leadership;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfig;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectorBuilder;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Leadership by a Lease. A replica that loses it ends its process, so that nothing of its work is
/// left half done in memory; kubelet starts it again.
///
/// Instead of the operator SDK's own, whose lock cannot be replaced.
@Singleton
final class LeaseLeadership implements Leadership {
  private static final Logger LOG = LoggerFactory.getLogger(LeaseLeadership.class);

  private static final String NAME = "bulkhead-operator";

  /// A lease is not given up at a stop, so its length decides how soon another works: within 9 s,
  /// for one small write every 1.5 s.
  private static final Duration LENGTH = Duration.ofSeconds(7);

  private static final Duration RENEW_WITHIN = Duration.ofSeconds(5);
  private static final Duration LOOK_EVERY = Duration.ofMillis(1500);

  private final List<Runnable> tasks = new CopyOnWriteArrayList<>();
  private final ObservedLease lease;
  private final LeaderElector elector;

  LeaseLeadership(
      KubernetesClient client,
      @ConfigProperty(name = "bulkhead.lease-namespace") String namespace,
      @ConfigProperty(name = "bulkhead.identity") String identity) {
    lease = new ObservedLease(namespace, NAME, identity, LENGTH, System::nanoTime, this::gained);
    elector =
        new LeaderElectorBuilder(client, Executors.newVirtualThreadPerTaskExecutor())
            .withConfig(
                new LeaderElectionConfig(
                    lease, LENGTH, RENEW_WITHIN, LOOK_EVERY, callbacks(identity), false, NAME))
            .build();
  }

  void start(@Observes StartupEvent event) {
    var _ =
        elector
            .start()
            .whenComplete(
                (_, failure) -> {
                  LOG.error("the election of a leader ended", failure);
                  end();
                });
  }

  @Override
  public boolean held() {
    return lease.held();
  }

  @Override
  public void whenGained(Runnable task) {
    tasks.add(task);
    if (held()) {
      task.run();
    }
  }

  private void gained() {
    LOG.info("this replica leads");
    tasks.forEach(Runnable::run);
  }

  private static LeaderCallbacks callbacks(String identity) {
    return new LeaderCallbacks(
        () -> {},
        () -> {
          LOG.warn("{} no longer leads, and ends", identity);
          end();
        },
        leader -> LOG.info("leader is {}", leader));
  }

  private static void end() {
    System.exit(1);
  }
}
