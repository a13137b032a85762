package dev.bulkhead.nodeagent;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/// Ready while libvirtd answers and the node's pods are known.
@Readiness
@ApplicationScoped
class ReadyCheck implements HealthCheck {
  private final NodeAgent agent;

  ReadyCheck(NodeAgent agent) {
    this.agent = agent;
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named("guests can be started").status(agent.ready()).build();
  }
}
