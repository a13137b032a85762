package dev.bulkhead.e2e;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever of Kubernetes or Bulkhead dies or freezes, guests that run do not notice, and what was
/// under way is finished once it is back.
///
/// Every component is killed once, one is frozen, two are killed together; with `-Dfaults=all`
/// (`make faults`) it is all that `Injection` knows, for more than an hour. `-Dseed=` draws others,
/// at other moments.
@Isolated("kills components")
@ExtendWith(OnCluster.class)
class FaultsE2E {
  private static Fleet fleet;
  private static boolean sound;

  static List<Injection> injections() {
    long seed = Long.getLong("seed", 1);
    return "all".equals(System.getProperty("faults")) ? Injection.all(seed) : Injection.few(seed);
  }

  /// After a failure all guests are new ones, so that it is not told twice.
  @BeforeEach
  void guests(Lab lab, Hosts hosts) {
    if (!sound) {
      if (fleet != null) {
        fleet.close();
      }
      fleet = new Fleet(lab, hosts);
    }
    sound = false;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("injections")
  void guestsEndure(Injection injection, Hosts hosts) {
    fleet.endure(injection);
    sound = true;
  }

  @AfterAll
  static void close(Hosts hosts) {
    if (fleet != null) {
      fleet.close();
    }
  }
}
