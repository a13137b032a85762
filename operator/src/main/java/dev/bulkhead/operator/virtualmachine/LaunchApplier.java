package dev.bulkhead.operator.virtualmachine;

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

  Outcome apply(LaunchPlan plan) {
    return switch (plan) {
      case LaunchPlan.Create(var pod) -> create(pod);
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
  Outcome apply(DevicePlan plan) {
    plan.delete().forEach(pods::delete);
    plan.detach().ifPresent(detach -> pods.setDetached(detach.pod(), detach.devices()));
    var outcomes = plan.create().stream().map(this::create).toList();
    return outcomes.stream().filter(Refused.class::isInstance).findFirst().orElseGet(Done::new);
  }

  private Outcome create(Pod pod) {
    try {
      pods.create(pod);
      return new Done();
    } catch (KubernetesClientException e) {
      return switch (e.getCode()) {
        case HttpURLConnection.HTTP_CONFLICT -> nameTaken(new VmPod(pod));
        case HttpURLConnection.HTTP_FORBIDDEN, UNPROCESSABLE -> refused(e);
        default -> throw e;
      };
    }
  }

  /// Our own pod, which the cache does not have yet, is no conflict.
  private Outcome nameTaken(VmPod pod) {
    return pods.find(pod.namespace(), pod.name())
        .filter(existing -> !existing.isMadeAs(pod))
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
