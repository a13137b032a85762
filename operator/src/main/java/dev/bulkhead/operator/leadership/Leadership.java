package dev.bulkhead.operator.leadership;

/// Whether this replica of the operator is the one that works. The others watch, with warm caches,
/// and decide nothing.
public interface Leadership {
  /// True for one replica at a time, whatever the clocks say. It may end at any moment, so it is
  /// asked before each piece of work; what is under way then is made harmless by the API server
  /// (a name for one pod only, deletes by UID).
  boolean held();

  /// Has that task run each time leadership is gained from now on.
  void whenGained(Runnable task);
}
