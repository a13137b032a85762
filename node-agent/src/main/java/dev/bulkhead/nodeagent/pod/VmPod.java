package dev.bulkhead.nodeagent.pod;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.DetachedDevices;
import dev.bulkhead.crds.GuestSpec;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesResourceUtil;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// A VM's pod as far as the agent is concerned, parsed once.
///
/// @param vmUid of the VM that owns it, null for none
/// @param guestFormat of the annotation, whether this agent understands it or not; 0 for none
/// @param guest null when this agent does not understand the annotation, or when it is not of this
///     pod: guests are told apart by the names in it
/// @param paused whether the guest's vCPUs shall be halted
/// @param deletion null unless the pod is being deleted
/// @param ended whether its containers have ended for good
/// @param keeperStarted null until kubelet has reported it
/// @param reported the report that the pod carries, null for none
/// @param guestRunningChanged when its condition GuestRunning last changed, null without one
/// @param claims names of its ResourceClaims, by what the pod calls them
/// @param detached names of devices of its guest's that the guest shall have no longer
public record VmPod(
    PodUid uid,
    String namespace,
    String name,
    String vmUid,
    int guestFormat,
    GuestSpec guest,
    boolean paused,
    Deletion deletion,
    boolean ended,
    Instant keeperStarted,
    String reported,
    Instant guestRunningChanged,
    Map<String, String> claims,
    Set<String> detached) {

  /// The pod's end, asked for.
  ///
  /// @param deadline when kubelet kills what still runs
  public record Deletion(Instant requested, Instant deadline) {}

  public static VmPod of(Pod pod) {
    var metadata = pod.getMetadata();
    var annotations = metadata.getAnnotations();
    var guest = annotations.getOrDefault(Contract.GUEST_ANNOTATION, "");
    return new VmPod(
        new PodUid(metadata.getUid()),
        metadata.getNamespace(),
        metadata.getName(),
        vmUid(pod),
        GuestSpec.formatOf(guest),
        GuestSpec.parse(guest)
            .filter(spec -> spec.namespace().equals(metadata.getNamespace()))
            .filter(spec -> spec.name().equals(metadata.getName()))
            .orElse(null),
        "Paused".equals(annotations.get(Contract.POWER_ANNOTATION)),
        deletion(pod),
        "Succeeded".equals(pod.getStatus().getPhase())
            || "Failed".equals(pod.getStatus().getPhase()),
        keeperStarted(pod),
        annotations.get(Contract.REPORT_ANNOTATION),
        guestRunningChanged(pod),
        claims(pod),
        DetachedDevices.parse(annotations.get(Contract.DETACHED_ANNOTATION)).names());
  }

  /// Those made from templates have names that stand in the status.
  private static Map<String, String> claims(Pod pod) {
    var claims = new TreeMap<String, String>();
    for (var claim : pod.getSpec().getResourceClaims()) {
      if (claim.getResourceClaimName() != null) {
        claims.put(claim.getName(), claim.getResourceClaimName());
      }
    }
    for (var made : pod.getStatus().getResourceClaimStatuses()) {
      if (made.getResourceClaimName() != null) {
        claims.put(made.getName(), made.getResourceClaimName());
      }
    }
    return claims;
  }

  private static String vmUid(Pod pod) {
    var owner = KubernetesResourceUtil.getControllerUid(pod);
    return owner == null ? null : owner.getUid();
  }

  /// The same with its grace period counted from when this node saw it begin, as kubelet counts it:
  /// the times in the pod are of the API server's clock, and power must not be cut by that.
  VmPod leavingSince(Instant seen) {
    var grace = Duration.between(deletion.requested(), deletion.deadline());
    return new VmPod(
        uid,
        namespace,
        name,
        vmUid,
        guestFormat,
        guest,
        paused,
        new Deletion(seen, seen.plus(grace)),
        ended,
        keeperStarted,
        reported,
        guestRunningChanged,
        claims,
        detached);
  }

  private static Deletion deletion(Pod pod) {
    var metadata = pod.getMetadata();
    if (metadata.getDeletionTimestamp() == null) {
      return null;
    }
    var deadline = Instant.parse(metadata.getDeletionTimestamp());
    var grace = metadata.getDeletionGracePeriodSeconds();
    return new Deletion(deadline.minus(Duration.ofSeconds(grace == null ? 0 : grace)), deadline);
  }

  private static Instant keeperStarted(Pod pod) {
    return pod.getStatus().getContainerStatuses().stream()
        .filter(container -> container.getName().equals(Contract.KEEPER_CONTAINER))
        .filter(container -> container.getState().getRunning() != null)
        .map(container -> Instant.parse(container.getState().getRunning().getStartedAt()))
        .findFirst()
        .orElse(null);
  }

  private static Instant guestRunningChanged(Pod pod) {
    return pod.getStatus().getConditions().stream()
        .filter(condition -> condition.getType().equals(Contract.GUEST_RUNNING_CONDITION))
        .map(condition -> Instant.parse(condition.getLastTransitionTime()))
        .findFirst()
        .orElse(null);
  }

  /// The name of its libvirt domain. Namespace and name are DNS labels or subdomains, so it is a
  /// file name too, and no other VM's.
  public String domainName() {
    return namespace + "." + name;
  }

  @Override
  public String toString() {
    return namespace + "/" + name + " (pod " + uid + ")";
  }
}
