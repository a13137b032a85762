package dev.bulkhead.operator.leadership;

/// Whether this replica of the operator is the one that works. The others watch, with warm caches,
/// and decide nothing.
public interface Leadership {
  /// True for one replica at most, whatever the clocks say. It may end at any time, so it is asked
  /// before each piece of work.
  boolean held();

  /// Has that task run each time leadership is gained; at once if it is held already.
  void whenGained(Runnable task);
}
