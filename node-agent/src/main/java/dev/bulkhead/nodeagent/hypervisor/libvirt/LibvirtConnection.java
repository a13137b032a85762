package dev.bulkhead.nodeagent.hypervisor.libvirt;

import dev.bulkhead.nodeagent.hypervisor.HypervisorUnavailableException;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.jboss.logging.Logger;
import org.libvirt.Connect;
import org.libvirt.Domain;
import org.libvirt.Library;
import org.libvirt.LibvirtException;

/// The one connection to libvirtd, made again for as long as it takes, and the only threads that
/// call into libvirt: few, of the platform's own kind (a native call would hold a virtual thread's
/// carrier), each call with a time limit. It decides nothing about guests.
final class LibvirtConnection implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(LibvirtConnection.class);

  private static final Duration RETRY = Duration.ofSeconds(1);

  /// After three unanswered probes the connection counts as dead, which frees calls that hang.
  private static final int KEEPALIVE_SECONDS = 5;

  private static final int KEEPALIVE_COUNT = 3;

  /// Starting a guest is the only slow call; four at once keep two cores busy.
  private static final int THREADS = 4;

  private static final int QUEUE = 256;

  private final String uri;
  private final ExecutorService pool =
      new ThreadPoolExecutor(
          THREADS,
          THREADS,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(QUEUE),
          Thread.ofPlatform().name("libvirt-", 0).daemon().factory());
  private final ExecutorService connector =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().name("libvirt-connector").daemon().factory());

  /// Held for reading by each call, for writing to free a connection that no call may still use.
  private final ReadWriteLock inUse = new ReentrantReadWriteLock();

  private volatile Connect connection;

  interface Call<T> {
    T on(Connect connection) throws LibvirtException;
  }

  LibvirtConnection(String uri) {
    this.uri = uri;
  }

  void start(Consumer<String> onChange, Runnable onConnected) {
    EventLoop.start();
    connector.execute(() -> stayConnected(onChange, onConnected));
  }

  boolean connected() {
    return connection != null;
  }

  /// Errors that libvirt answers with are thrown as they are; no answer is
  /// `HypervisorUnavailableException`.
  <T> T call(String what, Duration limit, Call<T> call) throws LibvirtException {
    try {
      return pool.submit(() -> use(what, call)).get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof HypervisorUnavailableException unavailable) {
        throw unavailable;
      }
      if (e.getCause() instanceof LibvirtException answer && !LibvirtErrors.isNoAnswer(answer)) {
        throw answer;
      }
      throw new HypervisorUnavailableException(what + ": " + e.getCause().getMessage(), e);
    } catch (TimeoutException | RejectedExecutionException e) {
      throw new HypervisorUnavailableException(
          "%s: libvirtd did not answer within %d s".formatted(what, limit.toSeconds()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HypervisorUnavailableException(what + ": interrupted", e);
    }
  }

  private <T> T use(String what, Call<T> call) throws LibvirtException {
    inUse.readLock().lock();
    try {
      var now = connection;
      if (now == null) {
        throw new HypervisorUnavailableException(
            what + ": libvirtd on this node cannot be reached", null);
      }
      return call.on(now);
    } finally {
      inUse.readLock().unlock();
    }
  }

  private void stayConnected(Consumer<String> onChange, Runnable onConnected) {
    try {
      while (!Thread.interrupted()) {
        try {
          connectUntilClosed(onChange, onConnected);
        } catch (LibvirtException e) {
          LOG.warnf("libvirtd cannot be reached at %s, trying again: %s", uri, e.getMessage());
        }
        Thread.sleep(RETRY);
      }
    } catch (InterruptedException stopped) {
      LOG.debug("libvirt connection closed");
    }
  }

  private void connectUntilClosed(Consumer<String> onChange, Runnable onConnected)
      throws LibvirtException, InterruptedException {
    var closed = new CountDownLatch(1);
    var fresh = new Connect(uri);
    try {
      fresh.registerCloseListener(
          (_, reason) -> {
            LOG.warnf("connection to libvirtd closed: %s", reason);
            closed.countDown();
          });
      fresh.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
      fresh.addLifecycleListener(
          (domain, _) -> {
            changed(domain, onChange);
            return 0;
          });
      connection = fresh;
      LOG.infof("connected to libvirtd at %s", uri);
      onConnected.run();
      closed.await();
    } finally {
      connection = null;
      close(fresh);
    }
  }

  /// Calls that are under way fail by themselves once the connection is dead.
  private void close(Connect dead) throws LibvirtException {
    inUse.writeLock().lock();
    try {
      dead.close();
    } finally {
      inUse.writeLock().unlock();
    }
  }

  private static void changed(Domain domain, Consumer<String> onChange) {
    try {
      onChange.accept(domain.getName());
    } catch (LibvirtException e) {
      LOG.warnf("an event of a domain without a name: %s", e.getMessage());
    }
  }

  @Override
  public void close() {
    connector.shutdownNow();
    pool.shutdown();
  }

  /// libvirt has one event loop for each process, to be registered before the first connection.
  private static final class EventLoop {
    static {
      try {
        Library.initEventLoop();
        // Errors reach their callers; libvirt would print them to standard error as well.
        Connect.setErrorCallback((_, _) -> {});
      } catch (LibvirtException e) {
        throw new IllegalStateException("libvirt's event loop: " + e.getMessage(), e);
      }
      Thread.ofPlatform().name("libvirt-events").daemon().start(EventLoop::run);
    }

    static void start() {
      // Loading the class does it, once.
    }

    private static void run() {
      while (true) {
        try {
          Library.processEvent();
        } catch (LibvirtException e) {
          LOG.warnf("libvirt's event loop: %s", e.getMessage());
        }
      }
    }
  }
}
