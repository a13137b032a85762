package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.operator.leadership.Leadership;

/// Leads from the start: there is no other.
record SoleReplica() implements Leadership {
  @Override
  public boolean held() {
    return true;
  }

  @Override
  public void whenGained(Runnable task) {}
}
