package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachineStatus.Phase;
import java.time.Duration;

/// A guest that runs with an open connection, and must not notice what is done around it.
final class Untouched implements AutoCloseable {
  private static final Duration STATUS_RIGHT_WITHIN = Duration.ofSeconds(10);

  /// Not on the first node, which tests disturb.
  private static final String CLIENT = "client-2";

  private final Lab lab;
  private final Hosts hosts;
  private final Guest guest;
  private final String bootId;
  private final String podUid;
  private final long qemu;
  private final EchoConnection connection;

  /// Of a VM that is running or will.
  Untouched(Lab lab, Hosts hosts, String vm) {
    this.lab = lab;
    this.hosts = hosts;
    this.guest = lab.awaitRunning(vm);
    this.bootId = bootId();
    this.podUid = podUid();
    this.qemu = hosts.on(guest.node()).qemuOf(lab, vm);
    this.connection = EchoConnection.open(lab, CLIENT, guest.ip(), 7);
  }

  /// Still the same boot, connection, QEMU process and pod, and no other QEMU on any node.
  void assertUntouched() {
    connection.awaitEcho();
    assertThat(bootId()).as("boot id of " + guest.name()).isEqualTo(bootId);
    assertThat(hosts.qemusOf(lab, guest.name())).containsExactly(qemu);
    assertThat(hosts.on(guest.node()).runs(qemu)).isTrue();
    assertThat(podUid()).isEqualTo(podUid);
  }

  /// And whoever is in charge now does what is asked.
  void assertUntouchedAndObeying() {
    assertUntouched();
    lab.awaitVm(
        guest.name(),
        "Running in its status",
        STATUS_RIGHT_WITHIN,
        vm -> vm.getStatus().getPhase() == Phase.Running);
    lab.patch(guest.name(), "{\"spec\":{\"power\":\"Paused\"}}");
    lab.awaitPhase(guest.name(), Phase.Paused);
    lab.patch(guest.name(), "{\"spec\":{\"power\":\"Running\"}}");
    lab.awaitRunning(guest.name());
    assertUntouched();
  }

  private String bootId() {
    return lab.awaitGet(CLIENT, guest.url("/cgi-bin/boot-id"));
  }

  private String podUid() {
    return lab.client()
        .pods()
        .inNamespace(lab.namespace())
        .withName(guest.name())
        .require()
        .getMetadata()
        .getUid();
  }

  @Override
  public void close() {
    connection.close();
  }
}
