package dev.bulkhead.operator.virtualmachine;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineStatus;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// Writes a status that differs from what stands there, tells the news in it, and says when to look
/// again. Never writes anything but status.
final class VirtualMachineStatusWriter {
  private static final JsonMapper JSON = new JsonMapper();

  /// Where the time to look again has come but only a watch can bring news.
  private static final Duration NET = Duration.ofSeconds(5);

  private final VmEvents events;

  VirtualMachineStatusWriter(VmEvents events) {
    this.events = events;
  }

  UpdateControl<VirtualMachine> publish(
      VirtualMachine vm,
      VirtualMachineStatus status,
      Outlook outlook,
      Instant now,
      Context<VirtualMachine> context) {
    if (outlook.settledAt().isAfter(now) || same(status, vm.getStatus())) {
      return lookAgain(outlook, NET, now);
    }
    var written = write(vm, status, context);
    if (written.isEmpty()) {
      return UpdateControl.noUpdate();
    }
    events.tell(vm, VmEvent.between(vm.getStatus(), status), now);
    return specMoved(vm, written.get())
        ? UpdateControl.<VirtualMachine>noUpdate().reschedule()
        : lookAgain(outlook, Duration.ZERO, now);
  }

  /// Empty when the VM has been deleted meanwhile, which is no failure.
  private static Optional<VirtualMachine> write(
      VirtualMachine vm, VirtualMachineStatus status, Context<VirtualMachine> context) {
    try {
      return Optional.of(
          context.resourceOperations().serverSideApplyPrimaryStatus(intent(vm, status)));
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static boolean same(VirtualMachineStatus a, VirtualMachineStatus b) {
    return JSON.valueToTree(a).equals(JSON.valueToTree(b));
  }

  /// A change of the spec that lands around our own write may come without an event.
  private static boolean specMoved(VirtualMachine seen, VirtualMachine written) {
    return written.getMetadata().getGeneration() > seen.getMetadata().getGeneration();
  }

  private static VirtualMachine intent(VirtualMachine vm, VirtualMachineStatus status) {
    var intent = new VirtualMachine();
    intent.setMetadata(
        new ObjectMetaBuilder()
            .withName(vm.getMetadata().getName())
            .withNamespace(vm.getMetadata().getNamespace())
            .withUid(vm.getMetadata().getUid()) // not on another VM of the same name
            .build());
    intent.setSpec(null);
    intent.setStatus(status);
    return intent;
  }

  private static UpdateControl<VirtualMachine> lookAgain(
      Outlook outlook, Duration atLeast, Instant now) {
    var control = UpdateControl.<VirtualMachine>noUpdate();
    if (outlook.recheckAt() == null) {
      return control;
    }
    var delay = Duration.between(now, outlook.recheckAt());
    if (delay.isPositive()) {
      return control.rescheduleAfter(delay);
    }
    return atLeast.isZero() ? control.reschedule() : control.rescheduleAfter(atLeast);
  }
}
