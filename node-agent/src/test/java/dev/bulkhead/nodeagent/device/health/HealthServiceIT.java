package dev.bulkhead.nodeagent.device.health;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.kubelet.health.DRAResourceHealthGrpc;
import dev.bulkhead.kubelet.health.HealthStatus;
import dev.bulkhead.kubelet.health.NodeWatchResourcesRequest;
import dev.bulkhead.kubelet.health.NodeWatchResourcesResponse;
import dev.bulkhead.nodeagent.device.claim.DraPlugin;
import dev.bulkhead.nodeagent.device.claim.NoGuests;
import dev.bulkhead.nodeagent.device.claim.PreparedFiles;
import dev.bulkhead.nodeagent.device.claim.Preparer;
import dev.bulkhead.nodeagent.device.claim.UnixChannel;
import dev.bulkhead.nodeagent.device.claim.Untouched;
import dev.bulkhead.nodeagent.device.health.DeviceHealth.State;
import dev.bulkhead.nodeagent.device.offer.Offered;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.netty.channel.nio.NioEventLoopGroup;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// As kubelet listens, over the plugin's socket.
class HealthServiceIT {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final List<DeviceHealth> WELL =
      List.of(new DeviceHealth("disk", State.HEALTHY, null));
  private static final List<DeviceHealth> FAILED =
      List.of(
          new DeviceHealth("disk", State.UNHEALTHY, "3 fatal errors"),
          new DeviceHealth("kept", State.UNKNOWN, "kept"));

  @TempDir private Path folder;

  private final AtomicReference<Instant> now = new AtomicReference<>(START);
  private final HealthService health = new HealthService("node-a", now::get);
  private final NioEventLoopGroup loop = new NioEventLoopGroup(1);
  private DraPlugin plugin;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws IOException {
    plugin =
        new DraPlugin(
            new Preparer(
                claim -> {
                  throw new IOException(claim + " is gone");
                },
                new PreparedFiles(folder.resolve("cdi")),
                new Untouched(),
                () -> Offered.NOTHING,
                new NoGuests()),
            health,
            folder.resolve("registry"),
            folder.resolve("plugin"),
            folder.resolve("plugin"),
            "node-a");
    plugin.start();
    channel = UnixChannel.connect(folder.resolve("plugin/dra.sock"), loop);
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    plugin.close();
    var _ = loop.shutdownGracefully();
  }

  private static final class Kubelet implements StreamObserver<NodeWatchResourcesResponse> {
    private final BlockingQueue<NodeWatchResourcesResponse> heard = new LinkedBlockingQueue<>();

    NodeWatchResourcesResponse next() throws InterruptedException {
      var next = heard.poll(10, TimeUnit.SECONDS);
      assertThat(next).as("a word of the driver's").isNotNull();
      return next;
    }

    @Override
    public void onNext(NodeWatchResourcesResponse answer) {
      heard.add(answer);
    }

    @Override
    public void onError(Throwable error) {}

    @Override
    public void onCompleted() {}
  }

  private Kubelet listen() {
    var kubelet = new Kubelet();
    DRAResourceHealthGrpc.newStub(channel)
        .nodeWatchResources(NodeWatchResourcesRequest.getDefaultInstance(), kubelet);
    return kubelet;
  }

  private void look(Duration later, List<DeviceHealth> devices) {
    now.updateAndGet(before -> before.plus(later));
    health.publish(devices);
  }

  @Test
  void whoBeginsToListenHearsOfAllDevicesAtOnce() throws InterruptedException {
    look(Duration.ZERO, FAILED);
    var devices = listen().next().getDevicesList();
    assertThat(devices).hasSize(2);
    assertThat(devices.getFirst())
        .satisfies(
            disk -> {
              assertThat(disk.getDevice().getPoolName()).isEqualTo("node-a");
              assertThat(disk.getDevice().getDeviceName()).isEqualTo("disk");
              assertThat(disk.getHealth()).isEqualTo(HealthStatus.UNHEALTHY);
              assertThat(disk.getMessage()).isEqualTo("3 fatal errors");
              assertThat(disk.getLastUpdatedTime()).isEqualTo(START.getEpochSecond());
              assertThat(disk.getHealthCheckTimeoutSeconds()).isEqualTo(200);
            });
    assertThat(devices.getLast().getHealth()).isEqualTo(HealthStatus.UNKNOWN);
  }

  /// Kubelet may ask before the first look.
  @Test
  void whoListensBeforeAnythingIsKnownHearsOfItOnceItIs() throws InterruptedException {
    var kubelet = listen();
    health.publish(WELL);
    assertThat(kubelet.next().getDevicesList())
        .singleElement()
        .satisfies(disk -> assertThat(disk.getHealth()).isEqualTo(HealthStatus.HEALTHY));
  }

  @Test
  void aChangeIsToldAtOnceAndWhatStaysTheSameOnlyBeforeKubeletDoubtsIt()
      throws InterruptedException {
    look(Duration.ZERO, WELL);
    var kubelet = listen();
    kubelet.next();
    look(Duration.ofSeconds(1), FAILED);
    assertThat(kubelet.next().getDevices(0).getHealth()).isEqualTo(HealthStatus.UNHEALTHY);
    look(Duration.ofSeconds(1), FAILED);
    look(HealthService.REPEAT, FAILED);
    assertThat(kubelet.next().getDevices(0).getLastUpdatedTime())
        .isEqualTo(now.get().getEpochSecond());
    assertThat(kubelet.heard).isEmpty();
  }

  @Test
  void oneThatLeavesTakesNothingFromTheOthers() throws Exception {
    look(Duration.ZERO, WELL);
    var stays = listen();
    stays.next();
    var leaving = Context.current().withCancellation();
    leaving.call(this::listen).next();
    leaving.cancel(null);
    look(Duration.ofSeconds(1), FAILED);
    look(Duration.ofSeconds(1), WELL);
    assertThat(stays.next().getDevicesCount()).isEqualTo(2);
    assertThat(stays.next().getDevicesCount()).isEqualTo(1);
  }
}
