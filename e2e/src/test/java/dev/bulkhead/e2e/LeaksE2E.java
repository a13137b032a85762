package dev.bulkhead.e2e;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/// Many guests at once, and many one after another: afterwards nodes and programs are as before.
///
/// `-Dguests=100` (`make leaks`) is the long form.
@Isolated("counts all that is on nodes")
@ExtendWith(OnCluster.class)
class LeaksE2E {
  private static final int AT_ONCE = 12;
  private static final int GUESTS = Integer.getInteger("guests", 15);
  private static final int BATCH = Math.max(5, GUESTS / 10);

  /// Memory is judged in the long form alone: libvirtd's grows over its first 40 guests, from 6 to
  /// 9 MiB, and by 5 KiB for each of the next 60 (measured with glibc's malloc).
  private static final boolean LONG = GUESTS >= 100;

  /// Whatever is leaked at every guest, or at every second or third, is above. Connections and
  /// pools of threads come and go, in steps of several.
  private static final double THINGS_PER_GUEST = LONG ? 0.34 : 0.9;

  private static final int WARM_UP = LONG ? 40 : 4;
  private static final double BYTES_PER_GUEST = LONG ? 16 << 10 : Double.POSITIVE_INFINITY;

  private static final Duration SETTLED_WITHIN = Duration.ofSeconds(60);

  @AfterEach
  void clear(Lab lab) {
    lab.clear();
  }

  @Test
  void aDozenAtOnceAllRunAndAnswer(Lab lab, Hosts hosts) {
    var names = IntStream.range(0, AT_ONCE).mapToObj(i -> "crowd-" + i).toList();
    lab.apply(names.stream().map(name -> Manifests.tinyGuest(name)).toArray(String[]::new));
    var guests = names.stream().map(lab::awaitRunning).toList();
    guests.forEach(Guest::awaitAnswer);

    assertThat(guests.stream().map(Guest::node).collect(toSet())).as("nodes in use").hasSize(2);
    assertThat(guests.stream().map(Guest::bootId).collect(toSet())).hasSize(AT_ONCE);
    names.forEach(name -> assertThat(hosts.qemusOf(lab, name)).as(name).hasSize(1));
  }

  @Test
  void guestsThatComeAndGoLeaveNothingBehind(Lab lab, Hosts hosts) {
    for (int warm = 0; warm < WARM_UP; warm += 4) {
      comeAndGo(lab, "warm-" + warm, 4);
    }
    var before = footprints(hosts);
    var growth = new Growth();
    growth.add(0, Usage.of(lab, hosts));
    for (int gone = 0; gone < GUESTS; ) {
      var batch = Math.min(BATCH, GUESTS - gone);
      comeAndGo(lab, "mayfly-" + gone, batch);
      gone += batch;
      Awaitility.await("the nodes to be as before")
          .atMost(SETTLED_WITHIN)
          .untilAsserted(() -> assertThat(footprints(hosts)).isEqualTo(before));
      growth.add(gone, Usage.of(lab, hosts));
    }

    var perGuest = growth.perGuest();
    perGuest.forEach(
        (name, slope) -> {
          if (slope > 0.05) {
            System.out.printf(
                "leaks: %+.2f for each guest, %s %s%n", slope, name, growth.values(name));
          }
        });
    assertThat(perGuest.keySet()).as("what is watched").hasSizeGreaterThan(50);
    assertThat(
            perGuest.entrySet().stream()
                .filter(entry -> entry.getValue() > limit(entry.getKey()))
                .map(entry -> entry + " for each guest: " + growth.values(entry.getKey())))
        .as("what grows with every guest that has come and gone")
        .isEmpty();
  }

  private static double limit(String name) {
    return name.endsWith("-bytes") ? BYTES_PER_GUEST : THINGS_PER_GUEST;
  }

  private static List<SortedSet<String>> footprints(Hosts hosts) {
    return hosts.workers().map(Host::footprint).toList();
  }

  /// On both nodes in turn.
  private static void comeAndGo(Lab lab, String prefix, int guests) {
    var names = IntStream.range(0, guests).mapToObj(i -> prefix + "-" + i).toList();
    lab.apply(
        IntStream.range(0, guests)
            .mapToObj(
                i ->
                    Manifests.tinyGuest(
                        names.get(i),
                        Manifests.onNode(i % 2 == 0 ? lab.firstNode() : lab.secondNode())))
            .toArray(String[]::new));
    names.forEach(lab::awaitRunning);
    var delete = new ArrayList<>(List.of("vm"));
    delete.addAll(names);
    lab.delete(delete.toArray(String[]::new));
    names.forEach(lab::awaitNoPod);
  }
}
