package dev.bulkhead.nodeagent.device.health;

import dev.bulkhead.kubelet.health.DRAResourceHealthGrpc;
import dev.bulkhead.kubelet.health.DeviceIdentifier;
import dev.bulkhead.kubelet.health.HealthStatus;
import dev.bulkhead.kubelet.health.NodeWatchResourcesRequest;
import dev.bulkhead.kubelet.health.NodeWatchResourcesResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Tells kubelet how the node's devices are: all of them to who begins to listen, and again at each
/// change, and whenever the last word is so old that kubelet would soon take no word for trouble.
public final class HealthService extends DRAResourceHealthGrpc.DRAResourceHealthImplBase {
  /// Kubelet calls a device's health unknown after this, 30 s if it is not told otherwise. The node
  /// agent looks every 60 s where nothing happens; of three looks two may fail.
  static final Duration TIMEOUT = Duration.ofSeconds(200);

  /// An unchanged word is said again after this; between looks, there is none.
  static final Duration REPEAT = Duration.ofSeconds(45);

  private final String pool;
  private final InstantSource clock;
  private final Set<StreamObserver<NodeWatchResourcesResponse>> listeners = new HashSet<>();
  private List<DeviceHealth> last;
  private Instant lookedAt;
  private Instant saidAt = Instant.MIN;

  /// @param pool that the node's devices are in
  public HealthService(String pool, InstantSource clock) {
    this.pool = pool;
    this.clock = clock;
  }

  /// Takes in what a look has found.
  ///
  /// @param now how all devices are
  public synchronized void publish(List<DeviceHealth> now) {
    lookedAt = clock.instant();
    var isNews = !now.equals(last);
    last = now;
    if (isNews || !saidAt.plus(REPEAT).isAfter(lookedAt)) {
      saidAt = lookedAt;
      var answer = answer();
      listeners.forEach(listener -> listener.onNext(answer));
    }
  }

  @Override
  public synchronized void nodeWatchResources(
      NodeWatchResourcesRequest request, StreamObserver<NodeWatchResourcesResponse> answers) {
    ((ServerCallStreamObserver<NodeWatchResourcesResponse>) answers)
        .setOnCancelHandler(() -> forget(answers));
    listeners.add(answers);
    if (last != null) {
      answers.onNext(answer());
    }
  }

  private synchronized void forget(StreamObserver<NodeWatchResourcesResponse> listener) {
    listeners.remove(listener);
  }

  private NodeWatchResourcesResponse answer() {
    var answer = NodeWatchResourcesResponse.newBuilder();
    last.forEach(device -> answer.addDevices(message(device)));
    return answer.build();
  }

  private dev.bulkhead.kubelet.health.DeviceHealth message(DeviceHealth device) {
    return dev.bulkhead.kubelet.health.DeviceHealth.newBuilder()
        .setDevice(
            DeviceIdentifier.newBuilder().setPoolName(pool).setDeviceName(device.device()).build())
        .setHealth(
            switch (device.state()) {
              case HEALTHY -> HealthStatus.HEALTHY;
              case UNHEALTHY -> HealthStatus.UNHEALTHY;
              case UNKNOWN -> HealthStatus.UNKNOWN;
            })
        .setLastUpdatedTime(lookedAt.getEpochSecond())
        .setHealthCheckTimeoutSeconds(TIMEOUT.toSeconds())
        .setMessage(device.why() == null ? "" : device.why())
        .build();
  }
}
