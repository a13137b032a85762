package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.operator.virtualmachine.Outcome.Done;
import dev.bulkhead.operator.virtualmachine.Outcome.Refused;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;

/// Takes the step that was decided. What the API server refuses for good reason becomes an
/// `Outcome`; trouble in reaching it is thrown, and retried by the caller.
final class LaunchApplier {
  private static final int UNPROCESSABLE = 422;

  private final VmPods pods;

  LaunchApplier(VmPods pods) {
    this.pods = pods;
  }

  Outcome apply(LaunchPlan plan, VirtualMachine vm) {
    return switch (plan) {
      case LaunchPlan.Create(var pod) -> create(pod, vm);
      case LaunchPlan.Delete(var pod) -> {
        pods.delete(pod);
        yield new Done();
      }
      case LaunchPlan.SetPower(var pod, var power) -> {
        pods.setPower(pod, power);
        yield new Done();
      }
      case LaunchPlan.Wait() -> new Done();
    };
  }

  /// All of it that can be done; the first refusal is told.
  Outcome apply(DevicePlan plan, Situation situation) {
    plan.delete().forEach(pod -> pods.delete(new VmPod(pod.pod())));
    if (plan.detached() != null && situation instanceof Situation.Up(var pod, _)) {
      pods.setDetached(pod, plan.detached());
    }
    var outcomes = plan.create().stream().map(this::create).toList();
    return outcomes.stream().filter(Refused.class::isInstance).findFirst().orElseGet(Done::new);
  }

  private Outcome create(Pod devicePod) {
    try {
      pods.create(devicePod);
      return new Done();
    } catch (KubernetesClientException e) {
      return switch (e.getCode()) {
        case HttpURLConnection.HTTP_CONFLICT -> nameTaken(devicePod);
        case HttpURLConnection.HTTP_FORBIDDEN, UNPROCESSABLE -> refused(e);
        default -> throw e;
      };
    }
  }

  /// Our own, which the cache does not have yet, is no conflict.
  private Outcome nameTaken(Pod devicePod) {
    var meta = devicePod.getMetadata();
    return pods.find(meta.getNamespace(), meta.getName())
        .filter(
            existing ->
                !existing.ownedBy(meta.getOwnerReferences().getFirst().getUid())
                    || !meta.getLabels().equals(existing.pod().getMetadata().getLabels()))
        .<Outcome>map(existing -> new Refused(Reason.NameTaken, Words.nameTaken(existing)))
        .orElseGet(Done::new);
  }

  private Outcome create(Pod pod, VirtualMachine vm) {
    try {
      pods.create(pod);
      return new Done();
    } catch (KubernetesClientException e) {
      return switch (e.getCode()) {
        case HttpURLConnection.HTTP_CONFLICT -> nameTaken(pod, vm);
        case HttpURLConnection.HTTP_FORBIDDEN, UNPROCESSABLE -> refused(e);
        default -> throw e;
      };
    }
  }

  /// Our own pod, which the cache does not have yet, is no conflict.
  private Outcome nameTaken(Pod pod, VirtualMachine vm) {
    return pods.find(pod.getMetadata().getNamespace(), pod.getMetadata().getName())
        .filter(existing -> !existing.ownedBy(vm.getMetadata().getUid()))
        .<Outcome>map(existing -> new Refused(Reason.NameTaken, Words.nameTaken(existing)))
        .orElseGet(Done::new);
  }

  /// Quota is told from its words: the API server gives it no reason or cause of its own.
  private static Outcome refused(KubernetesClientException e) {
    var words = e.getStatus() == null ? e.getMessage() : e.getStatus().getMessage();
    return words.contains("exceeded quota")
        ? new Refused(Reason.QuotaExceeded, Words.quotaExceeded(words))
        : new Refused(Reason.PodRefused, Words.podRefused(words));
  }
}
