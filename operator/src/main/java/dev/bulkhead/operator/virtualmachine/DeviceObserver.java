package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.DevicesMessage;
import dev.bulkhead.operator.virtualmachine.DeviceShortage.Wish;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.PodResourceClaimStatus;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequest;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceTaint;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimTemplate;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks up why a pod's claims are not met: the scheduler says no more than that they are not, and
/// nothing at all of a claim that does not exist. Asked only about pods that wait, so nothing of it
/// is watched.
final class DeviceObserver {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceObserver.class);

  /// Many VMs may wait at once.
  private static final Duration KEPT = Duration.ofSeconds(10);

  /// A pod has its claims from templates by then.
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final KubernetesClient client;
  private final InstantSource clock;
  private List<DeviceShortage.Node> nodes = List.of();
  private Instant readAt = Instant.MIN;

  DeviceObserver(KubernetesClient client, InstantSource clock) {
    this.client = client;
    this.clock = clock;
  }

  /// What is in the way, one sentence for each device; none for a pod without claims, or one that
  /// has only just been made.
  List<String> shortages(VmPod pod) {
    var claims = pod.pod().getSpec().getResourceClaims();
    var early = clock.instant().isBefore(pod.createdAt().plus(PATIENCE));
    if (claims.isEmpty() || (early && pod.unschedulable().isEmpty())) {
      return List.of();
    }
    var shortages = new ArrayList<String>();
    try {
      for (var claim : claims) {
        shortages.addAll(shortages(pod, claim));
      }
    } catch (KubernetesClientException e) {
      LOG.debug("{}: its claims cannot be looked at: {}", pod.name(), e.getMessage());
    }
    return List.copyOf(shortages);
  }

  private List<String> shortages(VmPod pod, PodResourceClaim entry) {
    var name = nameOf(pod, entry);
    if (name == null) {
      var template = entry.getResourceClaimTemplateName();
      return get(ResourceClaimTemplate.class, pod, template) == null
          ? List.of(missing(entry, "ResourceClaimTemplate", template, pod))
          : List.of();
    }
    var claim = get(ResourceClaim.class, pod, name);
    if (claim == null) {
      return List.of(missing(entry, "ResourceClaim", name, pod));
    }
    if (claim.getStatus() != null && claim.getStatus().getAllocation() != null) {
      var pools =
          claim.getStatus().getAllocation().getDevices().getResults().stream()
              .map(result -> result.getPool())
              .distinct()
              .collect(Collectors.joining(", "));
      return List.of(
          "device %s is on %s already, by ResourceClaim %s"
              .formatted(entry.getName(), pools, name));
    }
    return claim.getSpec().getDevices().getRequests().stream()
        .map(request -> DeviceShortage.explain(wish(entry, request), nodes()))
        .toList();
  }

  private static String nameOf(VmPod pod, PodResourceClaim entry) {
    if (entry.getResourceClaimName() != null) {
      return entry.getResourceClaimName();
    }
    return pod.pod().getStatus().getResourceClaimStatuses().stream()
        .filter(made -> made.getName().equals(entry.getName()))
        .map(PodResourceClaimStatus::getResourceClaimName)
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  private <T extends io.fabric8.kubernetes.api.model.HasMetadata> T get(
      Class<T> kind, VmPod pod, String name) {
    return client.resources(kind).inNamespace(pod.namespace()).withName(name).get();
  }

  private static String missing(PodResourceClaim entry, String kind, String name, VmPod pod) {
    return "device %s: there is no %s %s in namespace %s. Create it, or correct spec.devices"
        .formatted(entry.getName(), kind, name, pod.namespace());
  }

  private static Wish wish(PodResourceClaim entry, DeviceRequest request) {
    var deviceClass =
        request.getExactly() == null ? null : request.getExactly().getDeviceClassName();
    return new Wish(entry.getName(), deviceClass, type(deviceClass));
  }

  /// The chart's classes are named by the type that they select.
  private static String type(String deviceClass) {
    var suffix = "." + Contract.DEVICE_DRIVER;
    return deviceClass == null || !deviceClass.endsWith(suffix) || deviceClass.startsWith("pci.")
        ? null
        : deviceClass.substring(0, deviceClass.length() - suffix.length());
  }

  private synchronized List<DeviceShortage.Node> nodes() {
    if (readAt.plus(KEPT).isBefore(clock.instant())) {
      nodes = read();
      readAt = clock.instant();
    }
    return nodes;
  }

  private List<DeviceShortage.Node> read() {
    var users = users();
    var slices =
        client.resources(ResourceSlice.class).list().getItems().stream()
            .filter(slice -> slice.getSpec().getDriver().equals(Contract.DEVICE_DRIVER))
            .collect(Collectors.groupingBy(slice -> slice.getSpec().getPool().getName()));
    return client.nodes().list().getItems().stream()
        .map(
            node -> {
              var name = node.getMetadata().getName();
              var says =
                  node.getStatus().getConditions().stream()
                      .filter(condition -> condition.getType().equals(Contract.DEVICES_CONDITION))
                      .map(NodeCondition::getMessage)
                      .findFirst()
                      .map(DevicesMessage::parse)
                      .orElse(null);
              return node(
                  name,
                  slices.getOrDefault(name, List.of()),
                  users.getOrDefault(name, Map.of()),
                  says);
            })
        .filter(node -> !node.devices().isEmpty() || node.says() != null)
        .sorted((one, other) -> one.name().compareTo(other.name()))
        .toList();
  }

  /// @param slices all of the node's
  /// @param users of its devices, by name
  /// @param says null for nothing
  static DeviceShortage.Node node(
      String name, List<ResourceSlice> slices, Map<String, String> users, DevicesMessage says) {
    var counters = new SharedCounters(slices, users);
    var devices =
        slices.stream()
            .flatMap(slice -> slice.getSpec().getDevices().stream())
            .map(
                device ->
                    new DeviceShortage.Device(
                        device.getAttributes().get("type").getString(),
                        users.containsKey(device.getName())
                            ? users.get(device.getName())
                            : counters.takersOf(device),
                        fault(device, says)))
            .toList();
    return new DeviceShortage.Node(name, devices, says);
  }

  /// A taint cannot say more than that; its node can.
  private static String fault(Device device, DevicesMessage says) {
    var taint = fault(device.getTaints());
    return taint == null || says == null
        ? taint
        : says.failed().getOrDefault(device.getName(), taint);
  }

  private static String fault(List<DeviceTaint> taints) {
    return taints.stream()
        .map(DeviceTaint::getValue)
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(taints.isEmpty() ? null : taints.getFirst().getKey());
  }

  /// Of devices, by pool, then by name.
  private Map<String, Map<String, String>> users() {
    var users = new HashMap<String, Map<String, String>>();
    for (var claim : client.resources(ResourceClaim.class).inAnyNamespace().list().getItems()) {
      if (claim.getStatus() != null && claim.getStatus().getAllocation() != null) {
        for (var result : claim.getStatus().getAllocation().getDevices().getResults()) {
          if (result.getDriver().equals(Contract.DEVICE_DRIVER)) {
            users
                .computeIfAbsent(result.getPool(), _ -> new HashMap<>())
                .put(result.getDevice(), user(claim));
          }
        }
      }
    }
    return users;
  }

  private static String user(ResourceClaim claim) {
    var namespace = claim.getMetadata().getNamespace();
    var pods =
        claim.getStatus().getReservedFor().stream()
            .map(ResourceClaimConsumerReference::getName)
            .map(pod -> namespace + "/" + pod)
            .collect(Collectors.joining(", "));
    return pods.isEmpty()
        ? "ResourceClaim %s/%s, which no pod uses"
            .formatted(namespace, claim.getMetadata().getName())
        : pods;
  }
}
