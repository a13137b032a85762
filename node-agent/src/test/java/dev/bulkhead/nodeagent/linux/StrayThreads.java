package dev.bulkhead.nodeagent.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;

/// A program that enters namespaces as the agent does, from virtual threads, and prints each of its
/// threads that is then in another network or mount namespace than the program itself.
final class StrayThreads {
  private static final int CALLS = 6;

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
      printStrayThreads();
      done = true;
    }
  }

  private static void printStrayThreads() throws IOException {
    try (var threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (var thread : threads) {
        if (isAway(thread, "net") || isAway(thread, "mnt")) {
          System.out.println(Files.readString(thread.resolve("comm")).strip());
        }
      }
    }
  }

  private static boolean isAway(Path thread, String kind) throws IOException {
    try {
      return !namespace(thread, kind).equals(namespace(Path.of("/proc/self"), kind));
    } catch (NoSuchFileException ended) {
      return false;
    }
  }

  private static Path namespace(Path process, String kind) throws IOException {
    return Files.readSymbolicLink(process.resolve("ns/" + kind));
  }
}
