package dev.bulkhead.nodeagent.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.bulkhead.nodeagent.guest.WorkQueue.Next;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WorkQueueTest {
  private final AtomicInteger handled = new AtomicInteger();

  @Test
  void handlesAKeyOnceMoreHoweverOftenItIsTriggeredMeanwhile() throws InterruptedException {
    var started = new CountDownLatch(1);
    var finish = new CountDownLatch(1);
    try (var queue =
        new WorkQueue<String>(
            _ -> {
              handled.incrementAndGet();
              started.countDown();
              await().until(() -> finish.getCount() == 0);
              return new Next.OnTrigger();
            })) {
      queue.trigger("a");
      started.await();
      queue.trigger("a");
      queue.trigger("a");
      queue.trigger("a");
      assertThat(handled).hasValue(1);
      finish.countDown();

      await().until(() -> handled.get() == 2);
      await().during(Duration.ofMillis(100)).until(() -> handled.get() == 2);
    }
  }

  @Test
  void handlesOtherKeysMeanwhile() throws InterruptedException {
    var both = new CountDownLatch(2);
    try (var queue =
        new WorkQueue<String>(
            _ -> {
              both.countDown();
              await().until(() -> both.getCount() == 0);
              return new Next.OnTrigger();
            })) {
      queue.trigger("a");
      queue.trigger("b");

      assertThat(both.await(5, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void looksAgainAfterTheDelayItWasToldTo() {
    try (var queue =
        new WorkQueue<String>(
            _ ->
                handled.incrementAndGet() < 3
                    ? new Next.After(Duration.ofMillis(1))
                    : new Next.OnTrigger())) {
      queue.trigger("a");

      await().until(() -> handled.get() == 3);
    }
  }

  @Test
  void retriesUntilItWorks() {
    try (var queue =
        new WorkQueue<String>(
            _ -> handled.incrementAndGet() < 2 ? new Next.Retry() : new Next.OnTrigger())) {
      queue.trigger("a");

      await().until(() -> handled.get() == 2);
    }
  }

  @Test
  void survivesABugOfItsHandler() {
    try (var queue =
        new WorkQueue<String>(
            _ -> {
              if (handled.incrementAndGet() == 1) {
                throw new IllegalStateException("a bug");
              }
              return new Next.OnTrigger();
            })) {
      queue.trigger("a");

      await().until(() -> handled.get() == 2);
    }
  }

  @Test
  void waitsLongerAfterEachFailureButNeverMoreThanHalfAMinute() {
    assertThat(WorkQueue.backOff(1)).isEqualTo(Duration.ofMillis(250));
    assertThat(WorkQueue.backOff(2)).isEqualTo(Duration.ofMillis(500));
    assertThat(WorkQueue.backOff(7)).isEqualTo(Duration.ofSeconds(16));
    assertThat(WorkQueue.backOff(8)).isEqualTo(Duration.ofSeconds(30));
    assertThat(WorkQueue.backOff(1000)).isEqualTo(Duration.ofSeconds(30));
  }
}
