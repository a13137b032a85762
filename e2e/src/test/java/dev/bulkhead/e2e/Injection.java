package dev.bulkhead.e2e;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// One disturbance: what is done to which components, and how long after guests were told to start,
/// stop and go. Data only; the matrix of the fault tests is made of it.
///
/// @param components one, or two at the same time
/// @param frozenFor how long SIGSTOP lasts; zero for SIGKILL, after which they are started again
/// @param lead the time that what is under way has had by then
record Injection(List<Component> components, Duration frozenFor, Duration lead) {
  /// A start takes 2 s to the first instruction and 5 s to the first answer, a shutdown 1 to 3 s.
  private static final List<Duration> LEADS =
      Stream.of(0, 400, 1000, 2000, 4000).map(Duration::ofMillis).toList();

  /// Longer than a lease of the operators (7 s) and than a node may be silent (20 s in the bed).
  private static final Duration LONG = Duration.ofSeconds(30);

  private static final Duration SHORT = Duration.ofSeconds(8);

  boolean kills() {
    return frozenFor.isZero();
  }

  /// Whether it may break off the start of a container.
  boolean hitsContainers() {
    return components.contains(Component.KUBELET) || components.contains(Component.CONTAINERD);
  }

  /// Every component killed once, then one long frozen and two killed together; which, and at what
  /// moments, the seed draws.
  static List<Injection> few(long seed) {
    var random = new Random(seed);
    var few = new ArrayList<Injection>();
    for (var component : Component.values()) {
      few.add(new Injection(List.of(component), Duration.ZERO, lead(random)));
    }
    var frozen = any(random, List.of(Component.values()));
    few.add(new Injection(List.of(frozen), LONG, lead(random)));
    few.add(new Injection(any(random, pairs()), Duration.ZERO, lead(random)));
    return List.copyOf(few);
  }

  /// Every component and every pair, killed and frozen, each component alone at every moment.
  static List<Injection> all(long seed) {
    var random = new Random(seed);
    var all = new ArrayList<Injection>();
    for (var frozenFor : List.of(Duration.ZERO, LONG)) {
      for (var component : Component.values()) {
        LEADS.forEach(lead -> all.add(new Injection(List.of(component), frozenFor, lead)));
      }
      pairs().forEach(pair -> all.add(new Injection(pair, frozenFor, lead(random))));
    }
    return List.copyOf(all);
  }

  /// Any of all, and shorter freezes.
  static Injection any(Random random) {
    var first = any(random, List.of(Component.values()));
    var second = any(random, List.of(Component.values()));
    var components =
        first == second || random.nextBoolean() ? List.of(first) : List.of(first, second);
    var frozenFor = any(random, List.of(Duration.ZERO, Duration.ZERO, SHORT, LONG));
    return new Injection(components, frozenFor, lead(random));
  }

  private static List<List<Component>> pairs() {
    return Stream.of(Component.values())
        .flatMap(
            a ->
                Stream.of(Component.values())
                    .filter(b -> b.compareTo(a) > 0)
                    .map(b -> List.of(a, b)))
        .toList();
  }

  private static Duration lead(Random random) {
    return any(random, LEADS);
  }

  private static <T> T any(Random random, List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  @Override
  public String toString() {
    return components.stream().map(Component::name).collect(Collectors.joining(" and "))
        + (kills() ? " killed" : " frozen for " + frozenFor.toSeconds() + " s")
        + " after "
        + lead.toMillis()
        + " ms";
  }
}
