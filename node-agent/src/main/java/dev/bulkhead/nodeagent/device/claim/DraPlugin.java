package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.kubelet.dra.Claim;
import dev.bulkhead.kubelet.dra.DRAPluginGrpc;
import dev.bulkhead.kubelet.dra.Device;
import dev.bulkhead.kubelet.dra.NodePrepareResourceResponse;
import dev.bulkhead.kubelet.dra.NodePrepareResourcesRequest;
import dev.bulkhead.kubelet.dra.NodePrepareResourcesResponse;
import dev.bulkhead.kubelet.dra.NodeUnprepareResourceResponse;
import dev.bulkhead.kubelet.dra.NodeUnprepareResourcesRequest;
import dev.bulkhead.kubelet.dra.NodeUnprepareResourcesResponse;
import dev.bulkhead.kubelet.registration.InfoRequest;
import dev.bulkhead.kubelet.registration.PluginInfo;
import dev.bulkhead.kubelet.registration.RegistrationGrpc;
import dev.bulkhead.kubelet.registration.RegistrationStatus;
import dev.bulkhead.kubelet.registration.RegistrationStatusResponse;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/// What kubelet sees of this node agent: two sockets, one by which it finds the driver, one by
/// which it has claims prepared. Kubelet asks again for what failed, and after it was restarted.
public final class DraPlugin implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(DraPlugin.class);

  /// Kubelet's names for this kind of plugin and for the service below (k8s.io/kubelet v0.37).
  private static final String TYPE = "DRAPlugin";

  private static final String SERVICE = "v1.DRAPlugin";

  private static final String SOCKET = "dra.sock";

  /// Guests let go of a device in 1 to 3 s. Kubelet gives a call 45 s (its cm/dra/plugin,
  /// defaultClientCallTimeout), and asks again after a time that grows.
  private static final Duration LETTING_GO = Duration.ofSeconds(20);

  private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

  private final Preparer preparer;
  private final BindableService health;
  private final Path registry;
  private final Path plugin;
  private final Path pluginForKubelet;
  private final String pool;
  private final NioEventLoopGroup loop = new NioEventLoopGroup(1);
  private final List<Server> servers = new ArrayList<>();

  /// @param health how devices are, kubelet's name for which is its own
  /// @param registry kubelet's plugins_registry, which it watches
  /// @param plugin a folder of this driver's own
  /// @param pluginForKubelet the same folder, as kubelet sees it
  /// @param pool that the node's devices are in
  public DraPlugin(
      Preparer preparer,
      BindableService health,
      Path registry,
      Path plugin,
      Path pluginForKubelet,
      String pool) {
    this.preparer = preparer;
    this.health = health;
    this.registry = registry;
    this.plugin = plugin;
    this.pluginForKubelet = pluginForKubelet;
    this.pool = pool;
  }

  public void start() throws IOException {
    serve(serviceSocket(), new Service(), health);
    serve(registrationSocket(), new Registration());
  }

  private Path serviceSocket() {
    return plugin.resolve(SOCKET);
  }

  private Path registrationSocket() {
    return registry.resolve(Contract.DEVICE_DRIVER + "-reg.sock");
  }

  private void serve(Path socket, BindableService... services) throws IOException {
    Files.createDirectories(socket.getParent());
    Files.deleteIfExists(socket);
    servers.add(
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .channelType(NioServerDomainSocketChannel.class)
            .bossEventLoopGroup(loop)
            .workerEventLoopGroup(loop)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .addServices(Stream.of(services).map(BindableService::bindService).toList())
            .build()
            .start());
    Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
  }

  /// Kubelet forgets a driver whose sockets are gone, and, if none comes back in half a minute, its
  /// ResourceSlices too.
  @Override
  public void close() {
    servers.forEach(Server::shutdownNow);
    remove(registrationSocket());
    remove(serviceSocket());
    var _ = loop.shutdownGracefully();
  }

  private static void remove(Path socket) {
    try {
      Files.deleteIfExists(socket);
    } catch (IOException e) {
      LOG.warnf("the socket %s stays: %s", socket, e.getMessage());
    }
  }

  private final class Registration extends RegistrationGrpc.RegistrationImplBase {
    @Override
    public void getInfo(InfoRequest request, StreamObserver<PluginInfo> answer) {
      answer.onNext(
          PluginInfo.newBuilder()
              .setType(TYPE)
              .setName(Contract.DEVICE_DRIVER)
              .setEndpoint(pluginForKubelet.resolve(SOCKET).toString())
              .addSupportedVersions(SERVICE)
              .addSupportedVersions(health.bindService().getServiceDescriptor().getName())
              .build());
      answer.onCompleted();
    }

    @Override
    public void notifyRegistrationStatus(
        RegistrationStatus status, StreamObserver<RegistrationStatusResponse> answer) {
      if (status.getPluginRegistered()) {
        LOG.info("kubelet knows this node's devices");
      } else {
        LOG.errorf("kubelet refuses this node's devices: %s", status.getError());
      }
      answer.onNext(RegistrationStatusResponse.getDefaultInstance());
      answer.onCompleted();
    }
  }

  private final class Service extends DRAPluginGrpc.DRAPluginImplBase {
    @Override
    public void nodePrepareResources(
        NodePrepareResourcesRequest request, StreamObserver<NodePrepareResourcesResponse> answer) {
      var all = NodePrepareResourcesResponse.newBuilder();
      request.getClaimsList().forEach(claim -> all.putClaims(claim.getUid(), prepare(claim)));
      answer.onNext(all.build());
      answer.onCompleted();
    }

    private NodePrepareResourceResponse prepare(Claim claim) {
      var ref = new ClaimRef(claim.getNamespace(), claim.getName(), claim.getUid());
      var response = NodePrepareResourceResponse.newBuilder();
      try {
        var prepared = preparer.prepare(ref);
        for (var device : prepared.devices()) {
          response.addDevices(
              Device.newBuilder()
                  .addRequestNames(device.request())
                  .setPoolName(pool)
                  .setDeviceName(device.name())
                  .addAllCdiDeviceIds(PreparedFiles.cdiIds(prepared, device)));
        }
      } catch (IOException | RuntimeException e) {
        LOG.warnf("%s: %s", ref, e.getMessage());
        return response.clear().setError(String.valueOf(e.getMessage())).build();
      }
      return response.build();
    }

    @Override
    public void nodeUnprepareResources(
        NodeUnprepareResourcesRequest request,
        StreamObserver<NodeUnprepareResourcesResponse> answer) {
      var all = NodeUnprepareResourcesResponse.newBuilder();
      request.getClaimsList().forEach(claim -> all.putClaims(claim.getUid(), unprepare(claim)));
      answer.onNext(all.build());
      answer.onCompleted();
    }

    private NodeUnprepareResourceResponse unprepare(Claim claim) {
      try {
        unprepareOnceOutOfGuests(claim.getUid());
        return NodeUnprepareResourceResponse.getDefaultInstance();
      } catch (IOException | RuntimeException e) {
        LOG.warnf("ResourceClaim %s/%s: %s", claim.getNamespace(), claim.getName(), e.getMessage());
        return NodeUnprepareResourceResponse.newBuilder()
            .setError(String.valueOf(e.getMessage()))
            .build();
      }
    }

    private void unprepareOnceOutOfGuests(String uid) throws IOException {
      var deadline = Instant.now().plus(LETTING_GO);
      while (true) {
        try {
          preparer.unprepare(uid);
          return;
        } catch (Preparer.InGuestException e) {
          if (Instant.now().isAfter(deadline)) {
            throw e;
          }
          LockSupport.parkNanos(LOOK_AGAIN.toNanos());
        }
      }
    }
  }
}
