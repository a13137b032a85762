package dev.bulkhead.nodeagent.device;

import dev.bulkhead.nodeagent.device.claim.ApiClaims;
import dev.bulkhead.nodeagent.device.claim.DraPlugin;
import dev.bulkhead.nodeagent.device.claim.PreparedFiles;
import dev.bulkhead.nodeagent.device.claim.Preparer;
import dev.bulkhead.nodeagent.device.claim.SysfsBinding;
import dev.bulkhead.nodeagent.device.claim.Untouched;
import dev.bulkhead.nodeagent.device.health.DeviceHealth;
import dev.bulkhead.nodeagent.device.health.HealthService;
import dev.bulkhead.nodeagent.device.health.SysfsPresence;
import dev.bulkhead.nodeagent.device.inventory.FailedResets;
import dev.bulkhead.nodeagent.device.inventory.InventoryReader;
import dev.bulkhead.nodeagent.device.offer.Giving;
import dev.bulkhead.nodeagent.device.offer.GivingSettings;
import dev.bulkhead.nodeagent.device.offer.HostUseReader;
import dev.bulkhead.nodeagent.device.offer.NodeNetwork;
import dev.bulkhead.nodeagent.device.offer.OfferPlanner;
import dev.bulkhead.nodeagent.device.offer.Offered;
import dev.bulkhead.nodeagent.device.publish.DeviceReports;
import dev.bulkhead.nodeagent.device.publish.DeviceStatus;
import dev.bulkhead.nodeagent.device.publish.SlicePublisher;
import dev.bulkhead.nodeagent.linux.Uevents;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/// Puts together what gives this node's hardware away: it tells the scheduler what there is, and
/// has ready for kubelet what claims were given.
public final class NodeDevices implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(NodeDevices.class);

  private static final Set<String> SUBSYSTEMS = Set.of("pci", "usb", "block", "net", "mdev");

  /// A device comes with a burst of events.
  private static final Duration GATHER = Duration.ofMillis(300);

  /// Mounts and addresses come and go without an event.
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(60);

  private static final Duration TRY_AGAIN = Duration.ofSeconds(3);

  private final KubernetesClient client;
  private final String node;
  private final InventoryReader inventory;
  private final HostUseReader use;
  private final SlicePublisher publisher;
  private final DeviceReports reports;
  private final PreparedFiles claims;
  private final SysfsPresence presence;
  private final HealthService health;
  private final DraPlugin plugin;
  private final AtomicBoolean due = new AtomicBoolean();
  private String trouble;
  private volatile GivingSettings settings;
  private volatile Giving giving;
  private final ScheduledExecutorService looks =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("devices").daemon().factory());

  /// Folders, as this program sees them.
  ///
  /// @param sys the node's
  /// @param proc the node's
  /// @param recorded whether those two are another machine's, whose devices are not here
  /// @param pciIds names of PCI devices
  /// @param cdi where container runtimes look for CDI specifications
  /// @param registry kubelet's plugins_registry
  /// @param plugin this driver's in kubelet's plugins
  /// @param pluginForKubelet the same, as kubelet sees it
  public record Places(
      Path sys,
      Path proc,
      boolean recorded,
      Path pciIds,
      Path cdi,
      Path registry,
      Path plugin,
      Path pluginForKubelet) {}

  /// @param guests of this node
  public NodeDevices(KubernetesClient client, String node, Places places, Preparer.Guests guests) {
    this.client = client;
    this.node = node;
    var failedResets = new FailedResets(places.sys(), places.cdi());
    this.inventory =
        new InventoryReader(places.sys(), places.proc(), places.pciIds(), failedResets);
    this.use =
        new HostUseReader(
            places.sys(), places.proc(), places.recorded() ? Map::of : new NodeNetwork());
    this.publisher = new SlicePublisher(client, node);
    this.reports = new DeviceReports(client, node, InstantSource.system());
    this.claims = new PreparedFiles(places.cdi());
    this.presence = new SysfsPresence(places.sys(), places.recorded());
    this.health = new HealthService(node, InstantSource.system());
    this.plugin =
        new DraPlugin(
            new Preparer(
                new ApiClaims(client, node),
                claims,
                places.recorded()
                    ? new Untouched()
                    : new SysfsBinding(places.sys(), failedResets, this::lookSoon),
                this::offered,
                guests),
            health,
            places.registry(),
            places.plugin(),
            places.pluginForKubelet(),
            node);
  }

  /// Tells of the node's devices from now on, through all failures of the API server. Where kubelet
  /// cannot be told, nobody is: guests run all the same.
  public void start(GivingSettings settings) {
    this.settings = settings;
    try {
      Uevents.listen(SUBSYSTEMS, this::lookSoon);
      plugin.start();
    } catch (IOException e) {
      LOG.errorf("this node gives no devices away: %s", e.getMessage());
      return;
    }
    publisher.start(this::lookSoon);
    var _ =
        looks.scheduleWithFixedDelay(
            this::lookSoon, 0, LOOK_AGAIN.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void lookSoon() {
    if (due.compareAndSet(false, true)) {
      var _ = looks.schedule(this::look, GATHER.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void look() {
    due.set(false);
    try {
      var offered = offered();
      health.publish(DeviceHealth.of(offered, claims.all(), presence));
      publisher.publish(offered);
      trouble = null;
      reports.publish(DeviceStatus.of(offered, !giving().allow().isEmpty()));
    } catch (IOException | RuntimeException e) {
      if (!String.valueOf(e.getMessage()).equals(trouble)) {
        LOG.warnf("telling what devices there are: %s; trying again", e.getMessage());
      }
      trouble = String.valueOf(e.getMessage());
      var _ = looks.schedule(this::lookSoon, TRY_AGAIN.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /// As it is now.
  private Offered offered() throws IOException {
    // Each pod that starts is an event, its interface; most nodes may give nothing.
    return giving().allow().isEmpty()
        ? Offered.NOTHING
        : OfferPlanner.plan(inventory.read(), use.read(), giving());
  }

  /// The node's labels are read once: who changes them for this restarts the agent.
  private Giving giving() {
    if (giving == null) {
      giving = settings.of(client.nodes().withName(node).require().getMetadata().getLabels());
    }
    return giving;
  }

  @Override
  public void close() {
    looks.shutdownNow();
    publisher.close();
    plugin.close();
  }
}
