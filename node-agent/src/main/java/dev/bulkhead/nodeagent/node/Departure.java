package dev.bulkhead.nodeagent.node;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;

/// Leaves a node as it was found, once the agent's pod goes and has no guest there: the pod may be
/// the last of ours on that node, and nobody comes after it to clear away. Its successor, if there
/// is one, makes all of it anew. Whether a guest is left is the caller's to know.
public final class Departure {
  private static final Logger LOG = Logger.getLogger(Departure.class);

  /// The chart's hostPath volumes are these and below them.
  private static final List<Path> FOLDERS =
      List.of(
          Path.of("run/bulkhead"),
          Path.of("var/lib/bulkhead"),
          Path.of("var/lib/kubelet/plugins/bulkhead.dev"));

  /// libvirtd's own (images/libvirtd), beside kubelet's: the one of cgroup v2, or that of every
  /// controller of v1.
  private static final String CGROUP = "bulkhead";

  /// It stops within a second; kubelet kills both containers after 10.
  private static final Duration LIBVIRTD_STOPS_WITHIN = Duration.ofSeconds(4);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

  private final Path node;
  private final Path cgroups;
  private final Path libvirtPid;

  /// @param node the node's root directory, outside all containers
  /// @param cgroups the node's /sys/fs/cgroup
  /// @param libvirtPid libvirtd's pid file, which it removes when it ends
  public Departure(Path node, Path cgroups, Path libvirtPid) {
    this.node = node;
    this.cgroups = cgroups;
    this.libvirtPid = libvirtPid;
  }

  /// Whether this pod is being deleted, and not only its container stopped to be started again.
  /// With Bulkhead uninstalled the agent may no longer ask, which is an answer too. A pod that is
  /// gone already was deleted by force, and another may be in its place.
  public static boolean isDeleted(KubernetesClient client, String namespace, String pod) {
    try {
      Pod own = client.pods().inNamespace(namespace).withName(pod).get();
      return own != null && own.getMetadata().getDeletionTimestamp() != null;
    } catch (KubernetesClientException e) {
      return e.getCode() == HttpURLConnection.HTTP_UNAUTHORIZED
          || e.getCode() == HttpURLConnection.HTTP_FORBIDDEN;
    }
  }

  /// Does nothing while libvirtd stays: it is still wanted then, and would write more.
  public void clearAway() throws IOException {
    if (!libvirtdStops()) {
      LOG.info("libvirtd has not stopped, so the node's folders stay");
      return;
    }
    for (var folder : FOLDERS) {
      delete(node.resolve(folder));
    }
    for (var cgroup : cgroupsOfLibvirtd()) {
      if (!await(() -> !Files.exists(cgroup) || cgroup.toFile().delete())) {
        LOG.infof("the cgroup %s is still in use, and stays", cgroup);
      }
    }
    LOG.info("the node has no guest, and nothing of Bulkhead's is left on it");
  }

  private boolean libvirtdStops() {
    return await(() -> !Files.exists(libvirtPid));
  }

  private List<Path> cgroupsOfLibvirtd() throws IOException {
    var found = new ArrayList<Path>();
    found.add(cgroups.resolve(CGROUP));
    try (var controllers = Files.newDirectoryStream(cgroups, Files::isDirectory)) {
      controllers.forEach(controller -> found.add(controller.resolve(CGROUP)));
    }
    return found;
  }

  private static boolean await(BooleanSupplier condition) {
    var deadline = Instant.now().plus(LIBVIRTD_STOPS_WITHIN);
    while (!condition.getAsBoolean()) {
      if (Instant.now().isAfter(deadline)) {
        return false;
      }
      LockSupport.parkNanos(LOOK_AGAIN.toNanos());
    }
    return true;
  }

  private static void delete(Path folder) throws IOException {
    try (var tree = Files.walk(folder)) {
      for (var path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (NoSuchFileException none) {
      LOG.debugf("there is no %s", none.getFile());
    }
  }
}
