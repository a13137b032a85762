package dev.bulkhead.nodeagent.pod;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.net.HttpURLConnection;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/// Writes guest reports on pods: annotation and readiness condition in one server-side apply, and
/// only when something is new.
public final class PodReports {
  private static final Logger LOG = Logger.getLogger(PodReports.class);

  private static final PatchContext APPLY =
      new PatchContext.Builder()
          .withPatchType(PatchType.SERVER_SIDE_APPLY)
          .withFieldManager(Contract.AGENT_FIELD_MANAGER)
          .withForce(false)
          .build();

  /// What the API server answers when the pod is gone, or when another pod has its name: not found,
  /// a conflict of uids, or a uid that may not change (422, unprocessable).
  private static final Set<Integer> GONE =
      Set.of(HttpURLConnection.HTTP_NOT_FOUND, HttpURLConnection.HTTP_CONFLICT, 422);

  private final KubernetesClient client;
  private final InstantSource clock;
  private final Map<PodUid, Written> written = new ConcurrentHashMap<>();

  /// @param report null when there was none
  /// @param transition of the condition's status
  private record Written(GuestReport report, Instant transition) {}

  public PodReports(KubernetesClient client, InstantSource clock) {
    this.client = client;
    this.clock = clock;
  }

  /// A pod that is gone, or an API server that says so, is no error: there is nobody left to tell.
  public void publish(VmPod pod, GuestReport report) {
    var before = written.computeIfAbsent(pod.uid(), _ -> read(pod));
    if (report.equals(before.report())) {
      return;
    }
    var transition =
        before.transition() != null && running(before.report()) == running(report)
            ? before.transition()
            : clock.instant().truncatedTo(ChronoUnit.SECONDS);
    try {
      client
          .pods()
          .inNamespace(pod.namespace())
          .resource(intent(pod, report, transition))
          .subresource("status")
          .patch(APPLY);
      written.put(pod.uid(), new Written(report, transition));
      LOG.infof("%s: reported %s", pod, report.state());
    } catch (KubernetesClientException e) {
      if (!GONE.contains(e.getCode())) {
        throw e;
      }
      LOG.infof("%s: not reported: %s", pod, e.getMessage());
    }
  }

  private static Written read(VmPod pod) {
    var report = pod.reported() == null ? null : GuestReport.parse(pod.reported()).orElse(null);
    return new Written(report, pod.guestRunningChanged());
  }

  private static boolean running(GuestReport report) {
    return report.state() == GuestReport.State.Running;
  }

  /// The uid keeps it from ever reaching a later pod of the same name.
  private static Pod intent(VmPod pod, GuestReport report, Instant transition) {
    return new PodBuilder()
        .withNewMetadata()
        .withNamespace(pod.namespace())
        .withName(pod.name())
        .withUid(pod.uid().value())
        .addToAnnotations(Contract.REPORT_ANNOTATION, report.toJson())
        .endMetadata()
        .withNewStatus()
        .addNewCondition()
        .withType(Contract.GUEST_RUNNING_CONDITION)
        .withStatus(running(report) ? "True" : "False")
        .withReason(report.state().name())
        .withMessage(report.message())
        .withLastTransitionTime(transition.toString())
        .endCondition()
        .endStatus()
        .build();
  }

  public void forget(PodUid pod) {
    written.remove(pod);
  }
}
