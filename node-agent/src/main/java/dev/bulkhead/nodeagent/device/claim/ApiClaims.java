package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.nodeagent.device.claim.Allocation.Given;
import dev.bulkhead.nodeagent.device.claim.Prepared.Recipient;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAllocationConfiguration;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.KubernetesResourceUtil;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Claims, as the API server has them now.
public final class ApiClaims implements Claims {
  private final KubernetesClient client;
  private final String pool;

  /// @param pool that this node's devices are in
  public ApiClaims(KubernetesClient client, String pool) {
    this.client = client;
    this.pool = pool;
  }

  @Override
  public Allocation allocation(ClaimRef ref) throws IOException {
    ResourceClaim claim;
    try {
      claim =
          client
              .resources(ResourceClaim.class)
              .inNamespace(ref.namespace())
              .withName(ref.name())
              .get();
    } catch (KubernetesClientException e) {
      throw new IOException("cannot read %s: %s".formatted(ref, e.getMessage()), e);
    }
    if (claim == null || !claim.getMetadata().getUid().equals(ref.uid())) {
      throw new IOException("%s is gone".formatted(ref));
    }
    if (claim.getStatus() == null || claim.getStatus().getAllocation() == null) {
      throw new IOException("%s was given no devices".formatted(ref));
    }
    return new Allocation(
        ref, given(claim.getStatus().getAllocation().getDevices()), recipient(ref, claim));
  }

  /// Said by the pod that the claim is reserved for, if that one only holds it for a guest.
  private Recipient recipient(ClaimRef ref, ResourceClaim claim) throws IOException {
    for (var user : claim.getStatus().getReservedFor()) {
      var pod = pod(ref, user);
      if (pod != null && pod.getMetadata().getLabels().containsKey(Contract.DEVICE_OF_LABEL)) {
        var owner = KubernetesResourceUtil.getControllerUid(pod);
        if (owner != null && "Pod".equals(owner.getKind())) {
          var annotations = pod.getMetadata().getAnnotations();
          return new Recipient(
              owner.getUid(), annotations.getOrDefault(Contract.DEVICE_ANNOTATION, ""));
        }
      }
    }
    return null;
  }

  /// Null for what is no pod, or is gone or going.
  private Pod pod(ClaimRef ref, ResourceClaimConsumerReference user) throws IOException {
    if (!"pods".equals(user.getResource())) {
      return null;
    }
    try {
      var pod = client.pods().inNamespace(ref.namespace()).withName(user.getName()).get();
      return pod == null
              || !pod.getMetadata().getUid().equals(user.getUid())
              || pod.getMetadata().getDeletionTimestamp() != null
          ? null
          : pod;
    } catch (KubernetesClientException e) {
      throw new IOException(
          "cannot read pod %s of %s: %s".formatted(user.getName(), ref, e.getMessage()), e);
    }
  }

  private List<Given> given(DeviceAllocationResult devices) throws IOException {
    var given = new ArrayList<Given>();
    for (var result : devices.getResults()) {
      if (result.getDriver().equals(Contract.DEVICE_DRIVER) && result.getPool().equals(pool)) {
        given.add(new Given(result.getRequest(), result.getDevice(), settings(result, devices)));
      }
    }
    return List.copyOf(given);
  }

  /// Those of the DeviceClass come first, so the claim's have the last word.
  private DeviceSettings settings(
      DeviceRequestAllocationResult result, DeviceAllocationResult devices) throws IOException {
    var settings = DeviceSettings.NONE;
    for (var config : devices.getConfig()) {
      if (concerns(config, result.getRequest())) {
        settings =
            DeviceSettingsParser.parse(parameters(config), config.getSource()).over(settings);
      }
    }
    return settings;
  }

  /// One for a request is also for its alternatives, `request/alternative`.
  private static boolean concerns(DeviceAllocationConfiguration config, String request) {
    return config.getOpaque() != null
        && config.getOpaque().getDriver().equals(Contract.DEVICE_DRIVER)
        && (config.getRequests().isEmpty()
            || config.getRequests().contains(request)
            || config.getRequests().contains(request.split("/", 2)[0]));
  }

  /// Whatever class the client has made of them, for it takes what has a kind for an object.
  @SuppressWarnings("unchecked")
  private Map<String, Object> parameters(DeviceAllocationConfiguration config) {
    return client
        .getKubernetesSerialization()
        .convertValue(config.getOpaque().getParameters(), Map.class);
  }
}
