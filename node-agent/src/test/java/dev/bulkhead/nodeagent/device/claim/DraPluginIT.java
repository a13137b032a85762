package dev.bulkhead.nodeagent.device.claim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.kubelet.dra.Claim;
import dev.bulkhead.kubelet.dra.DRAPluginGrpc;
import dev.bulkhead.kubelet.dra.NodePrepareResourcesRequest;
import dev.bulkhead.kubelet.dra.NodeUnprepareResourcesRequest;
import dev.bulkhead.kubelet.registration.InfoRequest;
import dev.bulkhead.kubelet.registration.RegistrationGrpc;
import dev.bulkhead.nodeagent.device.claim.Allocation.Given;
import dev.bulkhead.nodeagent.device.claim.Prepared.PreparedDevice;
import dev.bulkhead.nodeagent.device.claim.Prepared.Recipient;
import dev.bulkhead.nodeagent.device.health.HealthService;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.offer.Kind;
import dev.bulkhead.nodeagent.device.offer.Offer;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import dev.bulkhead.nodeagent.device.offer.Offered;
import io.grpc.ManagedChannel;
import io.netty.channel.nio.NioEventLoopGroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// As kubelet calls it, over its sockets. What is taken is played.
class DraPluginIT {
  private static final Source DISK = new Source.Group(List.of(PciAddress.parse("0000:01:00.0")));
  private static final Claim CLAIM =
      Claim.newBuilder().setNamespace("shop").setName("disk").setUid("uid-1").build();
  private static final Claim GONE =
      Claim.newBuilder().setNamespace("shop").setName("gone").setUid("uid-2").build();

  @TempDir private Path folder;

  private final NioEventLoopGroup loop = new NioEventLoopGroup(1);
  private DraPlugin plugin;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws IOException {
    plugin = plugin();
    plugin.start();
    channel = UnixChannel.connect(folder.resolve("plugin/dra.sock"), loop);
  }

  private final Guest guest = new Guest();

  private DraPlugin plugin() {
    var offer =
        new Offer("disk-0", Kind.NVME, DISK, new TreeMap<>(), new TreeMap<>(), List.of(), null);
    Claims claims =
        claim -> {
          if (!claim.name().equals("disk")) {
            throw new IOException(claim + " is gone");
          }
          return new Allocation(
              claim, List.of(new Given("disks", "disk-0", DeviceSettings.NONE)), null);
        };
    return new DraPlugin(
        new Preparer(
            claims,
            new PreparedFiles(folder.resolve("cdi")),
            new OneNode(),
            () -> new Offered(List.of(offer), new TreeMap<>(), List.of()),
            guest),
        new HealthService("node-a", InstantSource.system()),
        folder.resolve("registry"),
        folder.resolve("plugin"),
        Path.of("/var/lib/kubelet/plugins/bulkhead.dev"),
        "node-a");
  }

  /// Lets go of what it has when it has been asked often enough.
  private static final class Guest implements Preparer.Guests {
    final AtomicInteger mustBeAsked = new AtomicInteger();

    @Override
    public void give(Recipient recipient) {}

    @Override
    public Optional<String> askBack(PreparedDevice device) {
      return mustBeAsked.getAndUpdate(times -> Math.max(0, times - 1)) > 0
          ? Optional.of("shop.web")
          : Optional.empty();
    }
  }

  private static final class OneNode implements Binding {
    @Override
    public Bar look(Source source, DeviceSettings settings) {
      return null;
    }

    @Override
    public Taken take(Source source, DeviceSettings settings) {
      return new Taken(List.of("/dev/vfio/vfio", "/dev/vfio/7"));
    }

    @Override
    public void giveBack(Source source, Bar before) {}
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    plugin.close();
    var _ = loop.shutdownGracefully();
  }

  @Test
  void tellsKubeletWhereItIs() {
    var registration = UnixChannel.connect(folder.resolve("registry/bulkhead.dev-reg.sock"), loop);
    try {
      var info =
          RegistrationGrpc.newBlockingStub(registration).getInfo(InfoRequest.getDefaultInstance());
      assertThat(info.getType()).isEqualTo("DRAPlugin");
      assertThat(info.getName()).isEqualTo("bulkhead.dev");
      assertThat(info.getEndpoint()).isEqualTo("/var/lib/kubelet/plugins/bulkhead.dev/dra.sock");
      assertThat(info.getSupportedVersionsList())
          .containsExactly("v1.DRAPlugin", "v1.DRAResourceHealth");
    } finally {
      registration.shutdownNow();
    }
  }

  @Test
  void answersForEachClaimByItself() {
    var answer =
        DRAPluginGrpc.newBlockingStub(channel)
            .nodePrepareResources(
                NodePrepareResourcesRequest.newBuilder().addClaims(CLAIM).addClaims(GONE).build());
    assertThat(answer.getClaimsMap().get("uid-2").getError())
        .isEqualTo("ResourceClaim shop/gone is gone");
    assertThat(answer.getClaimsMap().get("uid-1").getError()).isEmpty();
    assertThat(answer.getClaimsMap().get("uid-1").getDevicesList())
        .singleElement()
        .satisfies(
            device -> {
              assertThat(device.getRequestNamesList()).containsExactly("disks");
              assertThat(device.getPoolName()).isEqualTo("node-a");
              assertThat(device.getDeviceName()).isEqualTo("disk-0");
              assertThat(device.getCdiDeviceIdsList())
                  .containsExactly("bulkhead.dev/device=uid-1_disk-0");
            });
    assertThat(folder.resolve("cdi/bulkhead.dev-uid-1.json")).exists();

    var back =
        DRAPluginGrpc.newBlockingStub(channel)
            .nodeUnprepareResources(
                NodeUnprepareResourcesRequest.newBuilder()
                    .addClaims(CLAIM)
                    .addClaims(GONE)
                    .build());
    assertThat(back.getClaimsMap()).containsOnlyKeys("uid-1", "uid-2");
    assertThat(back.getClaimsMap().values()).allMatch(claim -> claim.getError().isEmpty());
    assertThat(folder.resolve("cdi/bulkhead.dev-uid-1.json")).doesNotExist();
  }

  @Test
  void givesAClaimBackOnceTheGuestHasLetGoOfItsDevice() {
    var kubelet = DRAPluginGrpc.newBlockingStub(channel);
    var _ =
        kubelet.nodePrepareResources(
            NodePrepareResourcesRequest.newBuilder().addClaims(CLAIM).build());
    guest.mustBeAsked.set(3);
    var back =
        kubelet.nodeUnprepareResources(
            NodeUnprepareResourcesRequest.newBuilder().addClaims(CLAIM).build());
    assertThat(back.getClaimsOrThrow("uid-1").getError()).isEmpty();
    assertThat(guest.mustBeAsked).hasValue(0);
    assertThat(folder.resolve("cdi/bulkhead.dev-uid-1.json")).doesNotExist();
  }

  @Test
  void takesThePlaceOfARunThatWasKilled() throws IOException {
    plugin.close();
    channel.shutdownNow();
    Files.deleteIfExists(folder.resolve("plugin/dra.sock"));
    Files.createFile(folder.resolve("plugin/dra.sock"));
    plugin = plugin();
    plugin.start();
    channel = UnixChannel.connect(folder.resolve("plugin/dra.sock"), loop);
    answersForEachClaimByItself();
  }

  @Test
  void itsSocketsAreRootsAlone() throws IOException {
    for (var socket : List.of("plugin/dra.sock", "registry/bulkhead.dev-reg.sock")) {
      assertThat(
              PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(socket))))
          .as(socket)
          .isEqualTo("rw-------");
    }
  }
}
