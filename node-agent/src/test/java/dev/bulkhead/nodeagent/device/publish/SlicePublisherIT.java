package dev.bulkhead.nodeagent.device.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.bulkhead.nodeagent.apiserver.BareApiServer;
import dev.bulkhead.nodeagent.device.RecordedHost;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.offer.Giving;
import dev.bulkhead.nodeagent.device.offer.OfferPlanner;
import dev.bulkhead.nodeagent.device.offer.Offered;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SlicePublisherIT {
  private static final String NODE = "node-a";
  private static final Offered NOTHING = new Offered(List.of(), new TreeMap<>(), List.of());
  private static final Giving ALL =
      new Giving(Set.of("gpu", "nvme", "nic", "nic-vf", "mdev", "usb", "pci"), false);

  @TempDir private Path root;

  private final KubernetesClient client = BareApiServer.connect();
  private final AtomicInteger changes = new AtomicInteger();
  private final SlicePublisher publisher = new SlicePublisher(client, NODE);

  @BeforeEach
  void begin() {
    client.resource(node(NODE)).create();
    publisher.start(changes::incrementAndGet);
    await().until(() -> changes.get() > 0);
  }

  @AfterEach
  void removeAll() {
    publisher.close();
    client.resources(ResourceSlice.class).delete();
    client.nodes().delete();
    client.close();
  }

  private static Node node(String name) {
    return new NodeBuilder().withNewMetadata().withName(name).endMetadata().build();
  }

  static Iterable<String> hosts() {
    return RecordedHost.names();
  }

  private Offered offeredBy(String name) throws IOException {
    var host = RecordedHost.unpack(name, Files.createTempDirectory(root, name));
    var inventory = host.inventory();
    return OfferPlanner.plan(inventory, host.use(), ALL);
  }

  private List<ResourceSlice> slices() {
    return client.resources(ResourceSlice.class).list().getItems();
  }

  /// As often as the agent is told of changes: what the watch has not yet seen is seen at the next.
  private void settle(Offered offered) {
    await()
        .until(
            () -> {
              publisher.publish(offered);
              return slices().stream()
                      .filter(slice -> slice.getSpec().getNodeName().equals(NODE))
                      .mapToInt(slice -> slice.getSpec().getDevices().size())
                      .sum()
                  == offered.offers().size();
            });
  }

  private List<String> versions() {
    return slices().stream()
        .map(ResourceSlice::getMetadata)
        .map(ObjectMeta::getResourceVersion)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void theApiServerTakesWhatEveryHostGivesAway(String name) throws IOException {
    var offered = offeredBy(name);
    publisher.publish(offered);

    assertThat(slices().stream().flatMap(slice -> slice.getSpec().getDevices().stream()).toList())
        .extracting(device -> device.getName())
        .containsExactlyInAnyOrderElementsOf(
            offered.offers().stream().map(offer -> offer.name()).toList());
    var before = versions();
    publisher.publish(offered);
    assertThat(versions()).as("nothing new, nothing written").isEqualTo(before);
  }

  @Test
  void aChangeIsANewGenerationOfTheWholePool() throws IOException {
    settle(offeredBy("eight-gpus"));
    assertThat(slices()).as("counters, and devices").hasSize(2);

    settle(offeredBy("single-gpu"));
    assertThat(slices())
        .singleElement()
        .satisfies(
            slice -> {
              assertThat(slice.getSpec().getPool().getGeneration()).isEqualTo(2);
              assertThat(slice.getSpec().getPool().getResourceSliceCount()).isEqualTo(1);
              assertThat(slice.getMetadata().getOwnerReferences())
                  .singleElement()
                  .satisfies(owner -> assertThat(owner.getName()).isEqualTo(NODE));
            });
  }

  @Test
  void aNodeThatGivesNothingAwayHasNoSlice() throws IOException {
    publisher.publish(NOTHING);
    assertThat(slices()).isEmpty();
    settle(offeredBy("single-gpu"));
    settle(NOTHING);
    assertThat(slices()).isEmpty();
  }

  @Test
  void hearsOfItWhenSomebodyRemovesASlice() throws IOException {
    var offered = offeredBy("single-gpu");
    publisher.publish(offered);
    await().until(() -> changes.get() > 1);
    int before = changes.get();
    client.resources(ResourceSlice.class).delete();
    await().until(() -> changes.get() > before);

    publisher.publish(offered);
    assertThat(slices()).hasSize(1);
  }

  @Test
  void leavesTheSlicesOfOtherNodesAlone() throws IOException {
    client.resource(node("node-b")).create();
    try (var other = new SlicePublisher(client, "node-b")) {
      other.start(() -> {});
      other.publish(offeredBy("single-gpu"));
    }
    settle(offeredBy("usb"));
    settle(NOTHING);
    assertThat(slices())
        .singleElement()
        .satisfies(slice -> assertThat(slice.getSpec().getNodeName()).isEqualTo("node-b"));
  }

  @Test
  void whatFailedToResetIsGivenToNobodyNewAndTheNodeSaysWhy() throws IOException {
    var host = RecordedHost.unpack("single-gpu", root);
    settle(OfferPlanner.plan(host.inventory(), host.use(), ALL));
    assertThat(slices().getFirst().getSpec().getDevices())
        .allSatisfy(device -> assertThat(device.getTaints()).isEmpty());

    host.failedResets().add(PciAddress.parse("0000:01:00.0"), "Inappropriate ioctl for device");
    var offered = OfferPlanner.plan(host.inventory(), host.use(), ALL);
    publisher.publish(offered);
    assertThat(slices().getFirst().getSpec().getDevices())
        .filteredOn(device -> device.getName().equals("pci-0000-01-00-0"))
        .flatExtracting(Device::getTaints)
        .singleElement()
        .satisfies(
            taint -> {
              assertThat(taint.getKey()).isEqualTo("bulkhead.dev/failed");
              assertThat(taint.getEffect()).isEqualTo("NoSchedule");
            });
    new DeviceReports(client, NODE, InstantSource.system()).publish(DeviceStatus.of(offered, true));
    assertThat(condition().getMessage())
        .contains(
            "failed: pci-0000-01-00-0, reset failed: 0000:01:00.0 when it was given back:"
                + " Inappropriate ioctl for device");
  }

  @Test
  void theNodeSaysWhatItKeepsAndWhy() throws IOException {
    var reports = new DeviceReports(client, NODE, InstantSource.system());
    reports.publish(DeviceStatus.of(offeredBy("shared-group"), true));
    var condition = condition();
    assertThat(condition.getStatus()).isEqualTo("False");
    assertThat(condition.getMessage())
        .contains("0000:04:00.0 shares IOMMU group 14 with 0000:06:00.0, which carries");

    reports.publish(DeviceStatus.of(offeredBy("eight-gpus"), true));
    assertThat(condition().getStatus()).isEqualTo("True");
    assertThat(condition().getMessage()).contains("failed: pci-0000-cc-00-0, 0000:cc:00.0 had 1");

    reports.publish(null);
    assertThat(client.nodes().withName(NODE).get().getStatus().getConditions()).isEmpty();
  }

  private io.fabric8.kubernetes.api.model.NodeCondition condition() {
    return client.nodes().withName(NODE).get().getStatus().getConditions().getFirst();
  }
}
