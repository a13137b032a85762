package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/// API writes, counted in the API server's audit log.
@Isolated("counts writes")
@ExtendWith(OnCluster.class)
class WritesE2E {

  @AfterEach
  void clear(Lab lab) {
    lab.clear();
  }

  @Test
  void startCostsAtMostThreeApiWritesEventsAside(Lab lab, Hosts hosts) {
    lab.apply(Manifests.tinyGuest("thrifty"));
    lab.awaitRunning("thrifty");
    assertThat(new AuditLog(hosts.controlPlane()).writesIn(lab.namespace()))
        .filteredOn(AuditLog.Write::isOurs)
        .as("writes by operator and agents")
        .hasSizeBetween(1, 3);
  }
}
