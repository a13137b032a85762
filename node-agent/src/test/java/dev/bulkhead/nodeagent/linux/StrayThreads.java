package dev.bulkhead.nodeagent.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;

/// A program that enters namespaces as the agent does, from virtual threads, and prints each of its
/// threads that is then in another network or mount namespace than the program itself.
final class StrayThreads {
  private static final int CALLS = 6;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static volatile boolean done;

  private StrayThreads() {}

  /// Takes the pid of a process with a network namespace of its own. At each call all threads that
  /// carry virtual ones are busy when it returns, so one more is needed.
  public static void main(String[] args) throws Exception {
    int pid = Integer.parseInt(args[0]);
    try (var virtual = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < CALLS; i++) {
        var entered = new CountDownLatch(1);
        var mayReturn = new CountDownLatch(1);
        var call =
            virtual.submit(
                () ->
                    Linux.inNetworkOf(
                        pid,
                        () -> {
                          entered.countDown();
                          mayReturn.await();
                          return 0;
                        }));
        entered.await();
        var busy = new CountDownLatch(1);
        virtual.execute(
            () -> {
              busy.countDown();
              while (!done) {
                Thread.onSpinWait();
              }
            });
        busy.await();
        mayReturn.countDown();
        call.get();
      }
      strayThreads().forEach(System.out::println);
      done = true;
    }
  }

  /// The kernel takes a thread away a little after Java has seen it end.
  private static List<String> strayThreads() throws IOException, InterruptedException {
    var patience = Instant.now().plus(PATIENCE);
    while (true) {
      var stray = strayThreadsNow();
      if (stray.isEmpty() || Instant.now().isAfter(patience)) {
        return stray;
      }
      Thread.sleep(50);
    }
  }

  private static List<String> strayThreadsNow() throws IOException {
    var stray = new ArrayList<String>();
    try (var threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (var thread : threads) {
        try {
          if (isAway(thread, "net") || isAway(thread, "mnt")) {
            stray.add(Files.readString(thread.resolve("comm")).strip());
          }
        } catch (IOException _) {
          // it has ended meanwhile
        }
      }
    }
    return stray;
  }

  private static boolean isAway(Path thread, String kind) throws IOException {
    return !namespace(thread, kind).equals(namespace(Path.of("/proc/self"), kind));
  }

  private static Path namespace(Path process, String kind) throws IOException {
    return Files.readSymbolicLink(process.resolve("ns/" + kind));
  }
}
