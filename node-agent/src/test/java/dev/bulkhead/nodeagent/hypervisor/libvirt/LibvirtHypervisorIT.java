package dev.bulkhead.nodeagent.hypervisor.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.bulkhead.nodeagent.domain.Accelerator;
import dev.bulkhead.nodeagent.domain.Boot;
import dev.bulkhead.nodeagent.domain.CpuModel;
import dev.bulkhead.nodeagent.domain.Device;
import dev.bulkhead.nodeagent.domain.Domain;
import dev.bulkhead.nodeagent.domain.NumaCell;
import dev.bulkhead.nodeagent.domain.Specs;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain.State;
import dev.bulkhead.nodeagent.hypervisor.Hypervisor.Ending;
import dev.bulkhead.nodeagent.hypervisor.Hypervisor.Start;
import dev.bulkhead.nodeagent.hypervisor.HypervisorUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// On a real libvirtd and a real QEMU, whose guest is a firmware that finds nothing to boot.
class LibvirtHypervisorIT {
  private static final String NAME = "shop.web";

  @TempDir Path folder;
  private PrivateLibvirtd libvirtd;
  private LibvirtHypervisor hypervisor;
  private final Queue<String> changes = new ConcurrentLinkedQueue<>();
  private final AtomicInteger connections = new AtomicInteger();

  @BeforeAll
  static void patience() {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
  }

  @BeforeEach
  void connected() throws IOException {
    libvirtd = new PrivateLibvirtd(folder);
    libvirtd.start();
    hypervisor = libvirtd.connection();
    hypervisor.start(changes::add, connections::incrementAndGet);
    await().until(() -> connections.get() == 1);
  }

  @AfterEach
  void leaveNothing() {
    hypervisor.destroy(NAME);
    hypervisor.close();
    libvirtd.close();
  }

  @Test
  void leadsAGuestThroughItsLife() throws IOException {
    assertThat(hypervisor.find(NAME)).isEmpty();

    assertThat(hypervisor.startPaused(guest())).isInstanceOf(Start.Started.class);
    var paused = hypervisor.find(NAME).orElseThrow();
    assertThat(paused.state()).isEqualTo(State.PAUSED);
    assertThat(paused.pod()).isEqualTo(Specs.POD);
    assertThat(Files.readString(Path.of("/proc/%d/comm".formatted(paused.pid()))))
        .startsWith("qemu-system");
    assertThat(hypervisor.all()).containsExactly(paused);

    hypervisor.resume(NAME);
    assertThat(hypervisor.find(NAME)).map(GuestDomain::state).contains(State.RUNNING);
    hypervisor.pause(NAME);
    assertThat(hypervisor.find(NAME)).map(GuestDomain::state).contains(State.PAUSED);

    hypervisor.destroy(NAME);
    assertThat(hypervisor.find(NAME)).isEmpty();
    assertThat(hypervisor.lastEnding(NAME)).isEqualTo(Ending.DESTROYED);
    assertThat(changes).contains(NAME);
  }

  @Test
  void doesNothingToAGuestThatHasEnded() {
    hypervisor.resume(NAME);
    hypervisor.pause(NAME);
    hypervisor.pressPowerButton(NAME);
    hypervisor.destroy(NAME);

    assertThat(hypervisor.all()).isEmpty();
  }

  @Test
  void seesAKilledQemuAsACrashAndSaysThatSomethingHappened() {
    hypervisor.startPaused(guest());
    var pid = hypervisor.find(NAME).orElseThrow().pid();
    changes.clear();

    ProcessHandle.of(pid).orElseThrow().destroyForcibly();

    await().until(() -> changes.contains(NAME));
    await().until(() -> hypervisor.find(NAME).isEmpty());
    assertThat(hypervisor.lastEnding(NAME)).isEqualTo(Ending.CRASHED);
  }

  @Test
  void knowsItsGuestsAgainAfterLibvirtdDied() throws Exception {
    hypervisor.startPaused(guest());
    hypervisor.resume(NAME);
    var before = hypervisor.find(NAME).orElseThrow();

    libvirtd.kill();
    await().until(() -> !hypervisor.connected());
    assertThatThrownBy(() -> hypervisor.find(NAME))
        .isInstanceOf(HypervisorUnavailableException.class);

    libvirtd.start();
    await().until(() -> connections.get() == 2);
    assertThat(hypervisor.find(NAME)).contains(before);
  }

  @Test
  void refusesInLibvirtsOwnWords() {
    var unknownCpu =
        new Domain(
            NAME,
            guest().uuid(),
            Specs.POD.value(),
            Accelerator.TCG,
            null,
            guest().memoryKiB(),
            new CpuModel.Named("NoSuchCpu", List.of(), false),
            guest().topology(),
            List.of(),
            guest().boot(),
            List.of());

    assertThat(hypervisor.startPaused(unknownCpu))
        .isInstanceOfSatisfying(
            Start.Refused.class, refused -> assertThat(refused.message()).contains("NoSuchCpu"));
  }

  /// A guest that counts as refused is a guest that has ended.
  @Test
  void doesNotRefuseAGuestThatStartsAlready() {
    hypervisor.startPaused(guest());

    assertThatThrownBy(() -> hypervisor.startPaused(guest()))
        .isInstanceOf(HypervisorUnavailableException.class)
        .hasMessageContaining("already");
  }

  /// QEMU's sandbox lets it bind memory to nodes, and its emulated processors have an IOMMU.
  @Test
  void startsAGuestWithACellOfThisHostsNodeAndAnIommu() {
    var plain = guest();
    var near =
        new Domain(
            NAME,
            plain.uuid(),
            plain.pod(),
            plain.accelerator(),
            plain.user(),
            plain.memoryKiB(),
            plain.cpu(),
            plain.topology(),
            List.of(new NumaCell(0, 0, 0, plain.memoryKiB(), 0)),
            plain.boot(),
            List.of(
                new Device.NoUsb(),
                new Device.Iommu(39),
                new Device.RootPort(1),
                new Device.ExpanderBus(2, 224, 0),
                new Device.ExpanderPort(3, 2, 0)));

    assertThat(hypervisor.startPaused(near)).isInstanceOf(Start.Started.class);
    hypervisor.resume(NAME);
    assertThat(hypervisor.find(NAME).orElseThrow().state()).isEqualTo(State.RUNNING);
  }

  @Test
  void triesAnAcceleratorByRunningAGuest() {
    assertThat(hypervisor.canRun(guest())).isTrue();
    assertThat(hypervisor.find(NAME)).isEmpty();
  }

  private static Domain guest() {
    return new Domain(
        NAME,
        "11111111-2222-4333-8444-555555555555",
        Specs.POD.value(),
        Accelerator.TCG,
        null,
        32 * 1024,
        new CpuModel.Translated(),
        new CpuModel.Topology(1, 1, 1),
        List.of(),
        new Boot(null, null),
        List.of(new Device.NoUsb(), new Device.Balloon(), new Device.PanicNotifier()));
  }
}
