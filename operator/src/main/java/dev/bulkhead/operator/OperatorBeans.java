package dev.bulkhead.operator;

import dev.bulkhead.operator.virtualmachine.LaunchSettings;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.monitoring.micrometer.MicrometerMetricsV2;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.InstantSource;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// What the container injects. Decides nothing.
@ApplicationScoped
class OperatorBeans {

  @Produces
  @Singleton
  LaunchSettings launchSettings(
      @ConfigProperty(name = "bulkhead.keeper-image") String keeperImage,
      @ConfigProperty(name = "bulkhead.cpu-allocation-ratio") int cpuAllocationRatio) {
    return new LaunchSettings(keeperImage, cpuAllocationRatio);
  }

  @Produces
  @Singleton
  InstantSource clock() {
    return InstantSource.system();
  }

  /// One of the replicas works, the others wait with warm caches. The SDK does not give a lease up
  /// when it stops, so its length decides how soon another works: within 9 s, for one small write
  /// every 1.5 s.
  @Produces
  @Singleton
  LeaderElectionConfiguration leaderElection(
      @ConfigProperty(name = "bulkhead.lease-namespace") String namespace,
      @ConfigProperty(name = "bulkhead.identity") String identity) {
    return LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration("bulkhead-operator")
        .withLeaseNamespace(namespace)
        .withIdentity(identity)
        .withLeaseDuration(Duration.ofSeconds(7))
        .withRenewDeadline(Duration.ofSeconds(5))
        .withRetryPeriod(Duration.ofMillis(1500))
        .build();
  }

  /// Without this bean the operator SDK reports no metrics.
  @Produces
  @Singleton
  Metrics metrics(MeterRegistry registry) {
    return MicrometerMetricsV2.newBuilder(registry).build();
  }
}
