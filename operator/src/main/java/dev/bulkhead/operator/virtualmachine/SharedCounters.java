package dev.bulkhead.operator.virtualmachine;

import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/// Finds out of devices that no claim has whether those that have others leave nothing for them: a
/// card's virtual functions and the card itself draw on the same counters.
final class SharedCounters {
  /// One counter of a set.
  private record Key(String set, String counter) {}

  private final Map<Key, BigDecimal> left = new HashMap<>();
  private final Map<Key, TreeSet<String>> users = new HashMap<>();

  /// @param pool all slices of it
  /// @param usersOf who has a device, by its name
  SharedCounters(List<ResourceSlice> pool, Map<String, String> usersOf) {
    for (var slice : pool) {
      for (var set : slice.getSpec().getSharedCounters()) {
        set.getCounters()
            .forEach(
                (name, counter) ->
                    left.put(new Key(set.getName(), name), amount(counter.getValue())));
      }
    }
    for (var slice : pool) {
      for (var device : slice.getSpec().getDevices()) {
        var user = usersOf.get(device.getName());
        if (user != null) {
          draws(
              device,
              (key, amount) -> {
                left.merge(key, amount.negate(), BigDecimal::add);
                users.computeIfAbsent(key, _ -> new TreeSet<>()).add(user);
              });
        }
      }
    }
  }

  /// Who has what that device would need; null for nobody.
  String takersOf(Device device) {
    var takers = new TreeSet<String>();
    draws(
        device,
        (key, amount) -> {
          if (left.getOrDefault(key, BigDecimal.ZERO).compareTo(amount) < 0) {
            takers.addAll(users.getOrDefault(key, new TreeSet<>()));
          }
        });
    return takers.isEmpty() ? null : String.join(", ", takers);
  }

  private static void draws(Device device, BiConsumer<Key, BigDecimal> each) {
    for (var draw : device.getConsumesCounters()) {
      draw.getCounters()
          .forEach(
              (name, counter) ->
                  each.accept(new Key(draw.getCounterSet(), name), amount(counter.getValue())));
    }
  }

  private static BigDecimal amount(Quantity quantity) {
    return quantity.getNumericalAmount();
  }
}
