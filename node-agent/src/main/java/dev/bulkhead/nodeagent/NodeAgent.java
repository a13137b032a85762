package dev.bulkhead.nodeagent;

import dev.bulkhead.nodeagent.device.NodeDevices;
import dev.bulkhead.nodeagent.device.offer.GivingSettings;
import dev.bulkhead.nodeagent.guest.Guests;
import dev.bulkhead.nodeagent.hypervisor.HypervisorUnavailableException;
import dev.bulkhead.nodeagent.hypervisor.libvirt.LibvirtHypervisor;
import dev.bulkhead.nodeagent.network.PodNetworks;
import dev.bulkhead.nodeagent.network.QemuFirewall;
import dev.bulkhead.nodeagent.node.Departure;
import dev.bulkhead.nodeagent.node.NodeAccelerator;
import dev.bulkhead.nodeagent.node.NodeProbe;
import dev.bulkhead.nodeagent.node.NodeReports;
import dev.bulkhead.nodeagent.pod.PodReports;
import dev.bulkhead.nodeagent.pod.PodWatch;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/// Puts the agent together, and lets what happens outside reach the guests. It decides nothing
/// itself.
@ApplicationScoped
class NodeAgent {
  private static final Logger LOG = Logger.getLogger(NodeAgent.class);

  /// The net under all events.
  private static final Duration LOOK_AT_ALL = Duration.ofSeconds(60);

  private static final Duration LOOK_FOR_DEAD_KEEPERS = Duration.ofSeconds(2);

  private static final Duration TRIM_CONSOLES = Duration.ofSeconds(5);

  private final AgentConfig config;
  private final KubernetesClient client;
  private final LibvirtHypervisor hypervisor;
  private final PodNetworks networks = new PodNetworks();
  private final PodWatch pods;
  private final Guests guests;
  private final NodeReports nodeReports;
  private final NodeDevices devices;
  private final ScheduledExecutorService background =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("background").daemon().factory());
  private volatile NodeAccelerator accelerator = new NodeAccelerator.Unknown();

  NodeAgent(AgentConfig config, KubernetesClient client) {
    this.config = config;
    this.client = client;
    hypervisor =
        new LibvirtHypervisor(config.libvirtUri(), config.libvirtStatuses(), config.libvirtLogs());
    pods = new PodWatch(client, config.nodeName(), InstantSource.system());
    nodeReports = new NodeReports(client, config.nodeName(), InstantSource.system());
    guests =
        new Guests(
            new Guests.Places(
                config.guests(),
                config.node().resolve("sys"),
                config.proc(),
                config.cgroups(),
                config.libvirtPid(),
                config.devices().cdi()),
            pods,
            new PodReports(client, InstantSource.system()),
            hypervisor,
            networks,
            () -> accelerator);
    devices = new NodeDevices(client, config.nodeName(), devicePlaces(config), guests);
  }

  private static NodeDevices.Places devicePlaces(AgentConfig config) {
    var devices = config.devices();
    var recorded = devices.recorded();
    return new NodeDevices.Places(
        recorded.map(folder -> folder.resolve("sys")).orElse(config.node().resolve("sys")),
        recorded.map(folder -> folder.resolve("proc")).orElse(config.proc()),
        recorded.isPresent(),
        devices.pciIds(),
        devices.cdi(),
        devices.registry(),
        devices.plugin(),
        devices.pluginForKubelet());
  }

  void start(@Observes StartupEvent event) {
    devices.start(GivingSettings.parse(config.devices().giving()));
    hypervisor.start(guests::lookAtDomain, () -> background.execute(this::lookAtNode));
    pods.start(guests::lookAt, () -> background.execute(guests::lookAtAll));
    repeat(guests::lookAtAll, LOOK_AT_ALL);
    repeat(guests::trimConsoles, TRIM_CONSOLES);
    repeat(guests::lookForDeadKeepers, LOOK_FOR_DEAD_KEEPERS);
  }

  private void repeat(Runnable task, Duration delay) {
    var _ =
        background.scheduleWithFixedDelay(
            task, delay.toMillis(), delay.toMillis(), TimeUnit.MILLISECONDS);
  }

  void stop(@Observes ShutdownEvent event) throws IOException {
    background.shutdownNow();
    devices.close();
    pods.close();
    guests.close();
    networks.close();
    hypervisor.close();
    if (guests.none() && podIsDeleted()) {
      new Departure(config.node(), config.cgroups(), config.libvirtPid()).clearAway();
    }
  }

  private boolean podIsDeleted() {
    return config.podName().isPresent()
        && config.podNamespace().isPresent()
        && Departure.isDeleted(client, config.podNamespace().get(), config.podName().get());
  }

  /// Whether guests can be started and watched. A guest that runs needs none of it.
  boolean ready() {
    return hypervisor.connected()
        && pods.synced()
        && !(accelerator instanceof NodeAccelerator.Unknown);
  }

  /// No guest starts before it has come to its end.
  private void lookAtNode() {
    try {
      QemuFirewall.raise();
      accelerator = NodeProbe.probe(hypervisor, config.emulation() == AgentConfig.Emulation.AUTO);
      LOG.infof("guests of this node run with %s", accelerator);
      guests.lookAtAll();
      nodeReports.publish(accelerator);
    } catch (HypervisorUnavailableException | KubernetesClientException | IOException e) {
      LOG.warnf("looking at the node: %s; trying again", e.getMessage());
      var _ = background.schedule(this::lookAtNode, 1, TimeUnit.SECONDS);
    }
  }
}
