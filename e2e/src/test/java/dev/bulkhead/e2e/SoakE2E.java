package dev.bulkhead.e2e;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/// Fault after fault at random, for `-Dminutes=` (`make soak MINUTES=30 SEED=7`). The seed draws
/// the same faults in the same order again. It stops at the first violation, whose traces are then
/// the only ones. Whatever ends a round too early counts as one.
@Isolated("kills components")
@ExtendWith(OnCluster.class)
class SoakE2E {
  private Fleet fleet;

  @BeforeEach
  void guests(Lab lab, Hosts hosts) {
    fleet = new Fleet(lab, hosts);
  }

  @AfterEach
  void close() {
    if (fleet != null) {
      fleet.close();
    }
  }

  @Test
  void guestsEndureWhateverComes(Hosts hosts) {
    long seed = Long.getLong("seed", 1);
    var minutes = Integer.getInteger("minutes", 3);
    var random = new Random(seed);
    var end = Instant.now().plus(Duration.ofMinutes(minutes));
    int violations = 0;
    try {
      while (Instant.now().isBefore(end)) {
        var injection = Injection.any(random);
        System.out.println("soak: " + injection);
        fleet.endure(injection);
      }
    } catch (RuntimeException | Error violation) {
      violations++;
      throw violation;
    } finally {
      System.out.printf(
          "soak: %s, %d violations; to replay: make soak MINUTES=%d SEED=%d%n",
          fleet.summary(), violations, minutes, seed);
    }
  }
}
