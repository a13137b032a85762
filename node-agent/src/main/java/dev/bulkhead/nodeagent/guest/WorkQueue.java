package dev.bulkhead.nodeagent.guest;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/// Runs one handler for many keys: different keys side by side, the same key never twice at once. A
/// trigger while the handler runs makes it run once more; any number of them count as one.
final class WorkQueue<K> implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(WorkQueue.class);
  private static final Duration FIRST_RETRY = Duration.ofMillis(250);
  private static final Duration LAST_RETRY = Duration.ofSeconds(30);

  /// Kubelet waits 10 s for the agent to stop.
  private static final Duration LAST_HANDLERS = Duration.ofSeconds(3);

  interface Handler<K> {
    Next handle(K key);
  }

  /// When a key is to be handled again without a trigger.
  sealed interface Next {
    record OnTrigger() implements Next {}

    record After(Duration delay) implements Next {}

    /// After a delay that doubles each time, until the handler returns something else.
    record Retry() implements Next {}
  }

  private static final class Slot {
    boolean running;
    boolean again;
    int failures;
    Future<?> timer;
  }

  private final Handler<K> handler;
  private final Map<K, Slot> slots = new HashMap<>();
  private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
  private final ScheduledExecutorService timers =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("guest-timers").daemon().factory());

  WorkQueue(Handler<K> handler) {
    this.handler = handler;
  }

  synchronized void trigger(K key) {
    if (workers.isShutdown()) {
      return;
    }
    var slot = slots.computeIfAbsent(key, _ -> new Slot());
    if (slot.running) {
      slot.again = true;
    } else {
      start(key, slot);
    }
  }

  private void start(K key, Slot slot) {
    if (slot.timer != null) {
      slot.timer.cancel(false);
      slot.timer = null;
    }
    slot.running = true;
    slot.again = false;
    workers.execute(() -> finish(key, slot, handle(key)));
  }

  /// A bug in one key's handling must not stop the key for ever.
  private Next handle(K key) {
    try {
      return handler.handle(key);
    } catch (RuntimeException e) {
      LOG.errorf(e, "%s: unexpected failure, trying again", key);
      return new Next.Retry();
    }
  }

  private synchronized void finish(K key, Slot slot, Next next) {
    slot.running = false;
    slot.failures = next instanceof Next.Retry ? slot.failures + 1 : 0;
    if (workers.isShutdown()) {
      return;
    }
    if (slot.again && !(next instanceof Next.Retry)) {
      start(key, slot);
      return;
    }
    switch (next) {
      case Next.OnTrigger _ -> slots.remove(key);
      case Next.After after -> schedule(key, slot, after.delay());
      case Next.Retry _ -> schedule(key, slot, backOff(slot.failures));
    }
  }

  private void schedule(K key, Slot slot, Duration delay) {
    slot.timer = timers.schedule(() -> trigger(key), delay.toMillis(), TimeUnit.MILLISECONDS);
  }

  static Duration backOff(int failures) {
    var delay = FIRST_RETRY.multipliedBy(1L << Math.min(failures - 1, 10));
    return delay.compareTo(LAST_RETRY) < 0 ? delay : LAST_RETRY;
  }

  /// Whether it has been closed and its last handler has returned.
  boolean idle() {
    return workers.isTerminated();
  }

  /// Gives handlers that run some time to return.
  @Override
  public void close() {
    timers.shutdownNow();
    workers.shutdownNow();
    try {
      if (!workers.awaitTermination(LAST_HANDLERS.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("a guest is still being worked on");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
