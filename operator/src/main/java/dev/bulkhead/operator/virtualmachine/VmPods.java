package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.DetachedDevices;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import io.fabric8.kubernetes.api.model.DeleteOptionsBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.net.HttpURLConnection;
import java.util.Optional;

/// The pods of VMs in the Kubernetes API. Every write names the pod's UID, so that a decision made
/// on an old pod cannot hit its successor.
final class VmPods {
  private final KubernetesClient client;

  VmPods(KubernetesClient client) {
    this.client = client;
  }

  /// Create, not apply: an apply would change a pod of that name that is not ours.
  void create(Pod pod) {
    client.raw(
        path(pod.getMetadata().getNamespace()) + "?fieldManager=" + Contract.OPERATOR_FIELD_MANAGER,
        "POST",
        pod);
  }

  Optional<VmPod> find(String namespace, String name) {
    return Optional.ofNullable(client.pods().inNamespace(namespace).withName(name).get())
        .map(VmPod::new);
  }

  void delete(VmPod pod) {
    var options =
        new DeleteOptionsBuilder()
            .withNewPreconditions()
            .withUid(pod.uid())
            .endPreconditions()
            .build();
    unlessGone(() -> client.raw(path(pod.namespace()) + "/" + pod.name(), "DELETE", options));
  }

  void setPower(VmPod pod, Power power) {
    annotate(pod, Contract.POWER_ANNOTATION, power.name());
  }

  void setDetached(VmPod pod, DetachedDevices devices) {
    annotate(pod, Contract.DETACHED_ANNOTATION, devices.text());
  }

  private void annotate(VmPod pod, String annotation, String value) {
    var patch =
        new PodBuilder()
            .withNewMetadata()
            .withUid(pod.uid())
            .addToAnnotations(annotation, value)
            .endMetadata()
            .build();
    var context =
        new PatchContext.Builder()
            .withPatchType(PatchType.JSON_MERGE)
            .withFieldManager(Contract.OPERATOR_FIELD_MANAGER)
            .build();
    unlessGone(
        () ->
            client
                .pods()
                .inNamespace(pod.namespace())
                .withName(pod.name())
                .patch(context, Serialization.asJson(patch)));
  }

  private static String path(String namespace) {
    return "/api/v1/namespaces/" + namespace + "/pods";
  }

  /// A pod that is gone, or was replaced by another, needs nothing any more.
  private static void unlessGone(Runnable write) {
    try {
      write.run();
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND
          && e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
        throw e;
      }
    }
  }
}
