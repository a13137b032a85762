package dev.bulkhead.nodeagent.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.bulkhead.nodeagent.apiserver.BareApiServer;
import dev.bulkhead.nodeagent.apiserver.Pods;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PodWatchIT {
  private final KubernetesClient client = BareApiServer.connect();
  private final Set<PodUid> changed = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean synced = new AtomicBoolean();

  @AfterEach
  void removeThem() {
    Pods.delete(client, "here");
    Pods.delete(client, "elsewhere");
    client.close();
  }

  @Test
  void knowsThePodsOfItsNodeAndNoOthers() {
    var here = VmPod.of(Pods.running(client, "here", "node-a"));
    Pods.running(client, "elsewhere", "node-b");
    try (var watch = new PodWatch(client, "node-a", InstantSource.system())) {
      watch.start(changed::add, () -> synced.set(true));
      await().untilTrue(synced);

      assertThat(watch.all()).containsExactly(here);
      assertThat(watch.find(here.uid())).isEqualTo(here);
      assertThat(here.guest().cpu().vcpus()).isEqualTo(1);
      assertThat(here.keeperStarted()).isEqualTo(Instant.parse("2026-11-23T12:00:00Z"));
    }
  }

  @Test
  void tellsOfEachPodThatComesAndGoes() {
    try (var watch = new PodWatch(client, "node-a", InstantSource.system())) {
      watch.start(changed::add, () -> synced.set(true));
      await().untilTrue(synced);
      assertThat(watch.all()).isEmpty();

      var uid = new PodUid(Pods.running(client, "here", "node-a").getMetadata().getUid());
      await().until(() -> changed.contains(uid));
      assertThat(watch.find(uid)).isNotNull();

      changed.clear();
      Pods.delete(client, "here");
      await().until(() -> changed.contains(uid) && watch.find(uid) == null);
    }
  }

  /// Whoever misses a pod ends its guest.
  @Test
  void missesNoPodWhileItChanges() throws InterruptedException {
    var uid = new PodUid(Pods.running(client, "here", "node-a").getMetadata().getUid());
    try (var watch = new PodWatch(client, "node-a", InstantSource.system())) {
      watch.start(changed::add, () -> synced.set(true));
      await().untilTrue(synced);
      var done = new AtomicBoolean();
      var misses = new AtomicLong();
      var reader =
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (!done.get()) {
                      if (watch.find(uid) == null) {
                        misses.incrementAndGet();
                      }
                    }
                  });
      for (int i = 0; i < 300; i++) {
        Pods.annotate(client, "here", "count", String.valueOf(i));
      }
      done.set(true);
      reader.join();

      assertThat(misses).hasValue(0);
    }
  }

  /// TCP would try the old connection for as long as the cut took, and longer.
  @Test
  void seesWhatHappenedWhileItsNodeWasCutOffSoonAfter() {
    var uid = new PodUid(Pods.running(client, "here", "node-a").getMetadata().getUid());
    try (var link = BareApiServer.link();
        var cutClient = BareApiServer.connect(link);
        var watch = new PodWatch(cutClient, "node-a", InstantSource.system())) {
      watch.start(changed::add, () -> synced.set(true));
      await().untilTrue(synced);
      link.cut();
      Pods.delete(client, "here");
      // By now it has called, and had no answer.
      await()
          .during(Duration.ofSeconds(20))
          .atMost(Duration.ofSeconds(25))
          .until(() -> watch.find(uid) != null);
      link.mend();
      await().atMost(Duration.ofSeconds(20)).until(() -> watch.find(uid) == null);
      assertThat(changed).contains(uid);
    }
  }

  @Test
  void confirmsThatAPodIsGoneByTheApiServer() throws IOException {
    var uid = new PodUid(Pods.running(client, "here", "node-a").getMetadata().getUid());
    try (var knowsNothingYet = new PodWatch(client, "node-a", InstantSource.system())) {
      assertThat(knowsNothingYet.find(uid)).isNull();
      assertThat(knowsNothingYet.confirmsGone(uid)).isFalse();

      Pods.delete(client, "here");
      assertThat(knowsNothingYet.confirmsGone(uid)).isTrue();
    }
  }

  /// As kubelet does. The deletion's own times are of the API server's clock: where that is behind,
  /// a guest's power would be cut as soon as it is told to shut down.
  @Test
  void countsAGracePeriodFromWhenItSeesItBegin() {
    var aheadByFiveMinutes = Instant.now().plusSeconds(300);
    var uid = new PodUid(Pods.running(client, "here", "node-a").getMetadata().getUid());
    try (var watch = new PodWatch(client, "node-a", InstantSource.fixed(aheadByFiveMinutes))) {
      watch.start(changed::add, () -> synced.set(true));
      await().untilTrue(synced);
      client.pods().inNamespace("default").withName("here").withGracePeriod(60).delete();
      await().until(() -> watch.find(uid).deletion() != null);

      assertThat(watch.find(uid).deletion())
          .isEqualTo(new VmPod.Deletion(aheadByFiveMinutes, aheadByFiveMinutes.plusSeconds(60)));
    }
  }
}
