package dev.bulkhead.operator;

import dev.bulkhead.operator.virtualmachine.LaunchSettings;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.monitoring.micrometer.MicrometerMetricsV2;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
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

  /// Without this bean the operator SDK reports no metrics.
  @Produces
  @Singleton
  Metrics metrics(MeterRegistry registry) {
    return MicrometerMetricsV2.newBuilder(registry).build();
  }
}
