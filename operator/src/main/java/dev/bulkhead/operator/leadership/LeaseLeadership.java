package dev.bulkhead.operator.leadership;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Leadership by a Lease, for as long as the process lives: a replica that loses it stands by
/// again. `Candidacy` decides; here the Lease is read and written, by one thread.
@Singleton
final class LeaseLeadership implements Leadership {
  private static final Logger LOG = LoggerFactory.getLogger(LeaseLeadership.class);

  private static final String NAME = "bulkhead-operator";

  /// A lease is not given up at a stop, so its length decides how soon another works: within 9 s,
  /// for one small write every 1.5 s.
  private static final Duration LENGTH = Duration.ofSeconds(7);

  private static final Duration LOOK_EVERY = Duration.ofMillis(1500);

  /// With the pause between two looks less than the length: one slow answer does not end a term.
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(5);

  private final List<Runnable> tasks = new CopyOnWriteArrayList<>();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("leadership").daemon().factory());
  private final Candidacy candidacy;
  private final KubernetesClient client;
  private final Lease vacant;

  /// As this replica last wrote it, so that it need not be read; null when it has to be.
  private Lease own;

  private boolean led;

  LeaseLeadership(
      KubernetesClient client,
      @ConfigProperty(name = "bulkhead.lease-namespace") String namespace,
      @ConfigProperty(name = "bulkhead.identity") String identity) {
    candidacy = new Candidacy(identity, LENGTH, System::nanoTime);
    vacant =
        new LeaseBuilder()
            .withNewMetadata()
            .withNamespace(namespace)
            .withName(NAME)
            .endMetadata()
            .withNewSpec()
            .endSpec()
            .build();
    this.client =
        client
            .newClient(
                new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                    .withRequestTimeout((int) ANSWER_WITHIN.toMillis())
                    .withRequestRetryBackoffLimit(0)
                    .build())
            .adapt(KubernetesClient.class);
  }

  void start(@Observes StartupEvent event) {
    var _ =
        thread.scheduleWithFixedDelay(this::look, 0, LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS);
  }

  void stop(@Observes ShutdownEvent event) {
    thread.shutdownNow();
  }

  @Override
  public boolean held() {
    return candidacy.held();
  }

  @Override
  public void whenGained(Runnable task) {
    tasks.add(task);
  }

  private void look() {
    try {
      own = own == null ? campaign() : claim(own);
    } catch (KubernetesClientException e) {
      LOG.debug("the lease could not be read or written", e);
      own = null;
    } catch (RuntimeException e) { // else there would never be another look
      LOG.error("looking at the lease", e);
      own = null;
    }
    if (led && !held()) {
      LOG.warn("this replica no longer leads, and stands by");
      led = false;
    }
  }

  /// @return null while another holds it
  private Lease campaign() {
    var found = client.resource(vacant).get();
    if (found == null) {
      return claim(vacant);
    }
    return candidacy.mayClaim(found) ? claim(found) : null;
  }

  /// The API server refuses it if the Lease has changed since.
  private Lease claim(Lease seen) {
    var before = System.nanoTime();
    var claimed = candidacy.claimed(seen, ZonedDateTime.now(ZoneOffset.UTC));
    var written =
        seen.getMetadata().getResourceVersion() == null
            ? client.resource(claimed).create()
            : client.resource(claimed).update();
    if (candidacy.wrote(before)) {
      LOG.info("this replica leads");
      led = true;
      tasks.forEach(Runnable::run);
    }
    return written;
  }
}
