package dev.bulkhead.e2e.bed;

import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/// Tells a person what the bed is doing: each step with the time it took, and a sign of life every
/// five seconds in between.
final class Progress {
  private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(5);

  private final PrintStream out;

  Progress(PrintStream out) {
    this.out = out;
  }

  void say(String text) {
    out.println("bed: " + text);
  }

  void step(String text, Runnable step) {
    var started = System.nanoTime();
    step.run();
    say("%s (%.1f s)".formatted(text, (System.nanoTime() - started) / 1e9));
  }

  /// Waits until a condition holds.
  ///
  /// @param advice what to look at if it does not in time
  void await(String text, Duration limit, Callable<Boolean> condition, String advice) {
    step(
        text,
        () -> {
          var nextSign = new long[] {SIGN_OF_LIFE.toSeconds()};
          try {
            Awaitility.await()
                .atMost(limit)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(200))
                .conditionEvaluationListener(
                    evaluated -> {
                      var elapsed = evaluated.getElapsedTimeInMS() / 1000;
                      if (elapsed >= nextSign[0]) {
                        say("waiting for: " + text + ", " + elapsed + " s");
                        nextSign[0] = elapsed + SIGN_OF_LIFE.toSeconds();
                      }
                    })
                .until(condition);
          } catch (ConditionTimeoutException e) {
            throw new IllegalStateException(
                "not within %d s: %s. %s".formatted(limit.toSeconds(), text, advice), e);
          }
        });
  }
}
