package dev.bulkhead.nodeagent.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// The Linux calls that Java has no words for, and the threads that may make them. It decides
/// nothing. Needs CAP_SYS_ADMIN, CAP_SYS_CHROOT and CAP_SYS_PTRACE.
public final class Linux {
  /// The agent's pod shares the node's process ids, so this is the node's first process: what it
  /// sees is the node itself.
  public static final int NODE_INIT = 1;

  private static final int AT_FDCWD = -100;
  private static final int O_RDONLY_CLOEXEC = 0x80000;
  private static final int O_DIRECT = 0x4000;
  private static final int CLONE_FS = 0x200;
  private static final int CLONE_NEWNS = 0x20000;
  private static final int CLONE_NEWCGROUP = 0x2000000;
  private static final int CLONE_NEWNET = 0x40000000;
  private static final int OPEN_TREE_CLONE_CLOEXEC = 0x80001;
  private static final int MOVE_MOUNT_F_EMPTY_PATH = 4;
  private static final int MNT_DETACH = 2;
  private static final int ESRCH = 3;

  private static final LibC LIBC = Native.load(Platform.C_LIBRARY_NAME, LibC.class);

  private Linux() {}

  /// `man 2` has each of them; open_tree and move_mount are in glibc since 2.36.
  private interface LibC extends Library {
    int open(String path, int flags) throws LastErrorException;

    int close(int fd) throws LastErrorException;

    int unshare(int flags) throws LastErrorException;

    int setns(int fd, int type) throws LastErrorException;

    int open_tree(int directory, String path, int flags) throws LastErrorException;

    int move_mount(int from, String fromPath, int to, String toPath, int flags)
        throws LastErrorException;

    int umount2(String target, int flags) throws LastErrorException;

    int kill(int pid, int signal) throws LastErrorException;
  }

  /// Mounts what process `from` sees at `source` also at `target` for process `to`. Target must
  /// exist there. Read-only stays read-only.
  public static void bindAcross(int from, Path source, int to, Path target) throws IOException {
    inOwnThread(
        "mount " + source,
        () -> {
          // Both are opened while /proc is still the agent's.
          try (var theirs = Namespace.of(from, "mnt", CLONE_NEWNS);
              var ours = Namespace.of(to, "mnt", CLONE_NEWNS)) {
            LIBC.unshare(CLONE_FS);
            theirs.enter();
            int tree = LIBC.open_tree(AT_FDCWD, source.toString(), OPEN_TREE_CLONE_CLOEXEC);
            try {
              ours.enter();
              LIBC.move_mount(tree, "", AT_FDCWD, target.toString(), MOVE_MOUNT_F_EMPTY_PATH);
            } finally {
              LIBC.close(tree);
            }
          }
          return null;
        });
  }

  /// Takes the mount at `target` away from process `pid`, now or as soon as nothing uses it.
  public static void unmountFor(int pid, Path target) throws IOException {
    inOwnThread(
        "unmount " + target,
        () -> {
          try (var theirs = Namespace.of(pid, "mnt", CLONE_NEWNS)) {
            LIBC.unshare(CLONE_FS);
            theirs.enter();
            return LIBC.umount2(target.toString(), MNT_DETACH);
          }
        });
  }

  /// Runs `action` in the network namespace of process `pid`; sockets that it opens stay there.
  public static <T> T inNetworkOf(int pid, Callable<T> action) throws IOException {
    return inOwnThread(
        "network of process " + pid,
        () -> {
          try (var theirs = Namespace.of(pid, "net", CLONE_NEWNET)) {
            theirs.enter();
          }
          return action.call();
        });
  }

  /// Runs `action` in the cgroup namespace of process `pid`. On cgroup v2 the kernel moves a
  /// process only between cgroups that the mover's namespace shows (cgroups(7), nsdelegate).
  public static <T> T inCgroupsOf(int pid, Callable<T> action) throws IOException {
    return inOwnThread(
        "cgroups of process " + pid,
        () -> {
          try (var theirs = Namespace.of(pid, "cgroup", CLONE_NEWCGROUP)) {
            theirs.enter();
          }
          return action.call();
        });
  }

  /// Whether the file system takes O_DIRECT; tmpfs, for one, may not.
  public static boolean takesDirectIo(Path file) {
    try {
      return LIBC.close(LIBC.open(file.toString(), O_RDONLY_CLOEXEC | O_DIRECT)) == 0;
    } catch (LastErrorException refused) {
      return false;
    }
  }

  /// Nothing happens when the process is gone.
  public static void kill(int pid, int signal) throws IOException {
    try {
      LIBC.kill(pid, signal);
    } catch (LastErrorException e) {
      if (e.getErrorCode() != ESRCH) {
        throw new IOException(
            "signal %d to process %d: %s".formatted(signal, pid, e.getMessage()), e);
      }
    }
  }

  private record Namespace(int fd, int type) implements AutoCloseable {
    static Namespace of(int pid, String kind, int type) {
      return new Namespace(
          LIBC.open("/proc/%d/ns/%s".formatted(pid, kind), O_RDONLY_CLOEXEC), type);
    }

    void enter() {
      LIBC.setns(fd, type);
    }

    @Override
    public void close() {
      LIBC.close(fd);
    }
  }

  /// A thread that has left its namespaces must not come back to any pool, so it ends here. Nor may
  /// it start another, which would be born where it is: even to complete a future can start one,
  /// to carry the virtual thread that waits for it. So the caller waits for the thread's end.
  private static <T> T inOwnThread(String what, Callable<T> action) throws IOException {
    var task = new FutureTask<>(action);
    var thread = Thread.ofPlatform().name("namespace").start(task);
    try {
      thread.join();
      return task.get();
    } catch (ExecutionException e) {
      throw new IOException(what + ": " + e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(what + ": interrupted", e);
    }
  }
}
