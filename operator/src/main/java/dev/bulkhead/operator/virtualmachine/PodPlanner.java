package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.AffinityBuilder;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.KeyToPathBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSecurityContextBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceClaim;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.SecurityContextBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Decides the pod of a VM: one keeper container with the guest's requests and volumes, and the
/// VM's scheduling fields as they are. Never talks to anything.
final class PodPlanner {
  private static final long MIB = 1024 * 1024;

  /// uid of distroless' `nonroot`: any will do that is not root.
  private static final long KEEPER_UID = 65_532;

  /// Room for the file system's own bookkeeping beside a disk file; kubelet evicts a pod whose
  /// emptyDir outgrows its limit.
  private static final long EMPTY_DISK_SLACK = 8 * MIB;

  /// The process takes less than 1 MiB; the rest is for what the runtime runs to start it, which is
  /// counted here too. How much that is was not measured: with this much the tests' pods start.
  private static final long HOLDER_MEMORY = 20 * MIB;

  private PodPlanner() {}

  static Pod plan(VirtualMachine vm, LaunchSettings settings) {
    var guest = GuestSpec.from(vm);
    var spec = vm.getSpec();
    return new PodBuilder()
        .withMetadata(metadata(vm, guest))
        .withSpec(common(spec))
        .editSpec()
        // A container without process namespace of its own takes all of its cgroup with it when it
        // ends (runc and containerd's shim, for want of an init to kill): QEMU too, if there is no
        // node agent left to end it.
        .withShareProcessNamespace(true)
        .addNewReadinessGate(Contract.GUEST_RUNNING_CONDITION)
        .withVolumes(volumes(guest))
        .withContainers(keeper(guest, settings))
        .withResourceClaims(devices(guest).stream().map(PodPlanner::claim).toList())
        .withTerminationGracePeriodSeconds(spec.getTerminationGracePeriodSeconds())
        .withNodeSelector(spec.getNodeSelector())
        .withAffinity(spec.getAffinity())
        .withTopologySpreadConstraints(spec.getTopologySpreadConstraints())
        .endSpec()
        .build();
  }

  /// What all pods of a VM have.
  private static PodSpec common(VirtualMachineSpec spec) {
    return new PodSpecBuilder()
        .withRestartPolicy("Never")
        .withAutomountServiceAccountToken(false)
        .withEnableServiceLinks(false)
        .withSecurityContext(podSecurity())
        .withTolerations(spec.getTolerations())
        .withPriorityClassName(spec.getPriorityClassName())
        .withSchedulerName(spec.getSchedulerName())
        .build();
  }

  /// A pod that holds one claim for a guest that runs: where that is, and gone when its pod is. It
  /// has none of the VM's labels, for it is not the VM.
  static Pod devicePod(
      VirtualMachine vm, VmPod vmPod, GuestSpec.Device device, LaunchSettings settings) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(devicePodName(vmPod, device))
        .withNamespace(vmPod.namespace())
        .addToLabels(Contract.DEVICE_OF_LABEL, vm.getMetadata().getName())
        .addToAnnotations(Contract.DEVICE_ANNOTATION, device.name())
        .addNewOwnerReference()
        .withApiVersion("v1")
        .withKind("Pod")
        .withName(vmPod.name())
        .withUid(vmPod.uid())
        .withController(true)
        .endOwnerReference()
        .endMetadata()
        .withSpec(common(vm.getSpec()))
        .editSpec()
        .withContainers(holder(device, settings))
        .withResourceClaims(claim(device))
        .withAffinity(only(vmPod.node().orElseThrow()))
        .endSpec()
        .build();
  }

  private static Affinity only(String node) {
    return new AffinityBuilder()
        .withNewNodeAffinity()
        .withNewRequiredDuringSchedulingIgnoredDuringExecution()
        .addNewNodeSelectorTerm()
        .addNewMatchField()
        .withKey("metadata.name")
        .withOperator("In")
        .withValues(node)
        .endMatchField()
        .endNodeSelectorTerm()
        .endRequiredDuringSchedulingIgnoredDuringExecution()
        .endNodeAffinity()
        .build();
  }

  /// The same for the same claim of the same pod, so that none is made twice; no other VM's.
  private static String devicePodName(VmPod vmPod, GuestSpec.Device device) {
    var of = vmPod.uid() + " " + device.claim() + " " + device.claimTemplate();
    return "%s-%s-%08x".formatted(vmPod.name(), device.name(), of.hashCode());
  }

  private static Container holder(GuestSpec.Device device, LaunchSettings settings) {
    return container("holder", settings)
        .withArgs(Contract.HOLD_ARGUMENT)
        .withResources(
            new ResourceRequirementsBuilder()
                .addToRequests("cpu", new Quantity("1m"))
                .addToRequests("memory", bytes(HOLDER_MEMORY))
                .addToLimits("memory", bytes(HOLDER_MEMORY))
                .withClaims(new ResourceClaim(device.name(), null))
                .build())
        .build();
  }

  private static ObjectMeta metadata(VirtualMachine vm, GuestSpec guest) {
    Map<String, String> labels = new LinkedHashMap<>();
    if (vm.getMetadata().getLabels() != null) {
      labels.putAll(vm.getMetadata().getLabels());
    }
    labels.put(Contract.VM_LABEL, guest.name());
    return new ObjectMetaBuilder()
        .withName(guest.name())
        .withNamespace(guest.namespace())
        .withLabels(labels)
        .addToAnnotations(Contract.GUEST_ANNOTATION, guest.toJson())
        .addToAnnotations(Contract.MADE_FROM_ANNOTATION, MadeFrom.of(vm).toJson())
        .addToAnnotations(Contract.POWER_ANNOTATION, vm.getSpec().getPower().name())
        .addNewOwnerReference()
        .withApiVersion(vm.getApiVersion())
        .withKind(vm.getKind())
        .withName(guest.name())
        .withUid(guest.vmUid())
        .withController(true)
        .endOwnerReference()
        .build();
  }

  private static Container keeper(GuestSpec guest, LaunchSettings settings) {
    return container(Contract.KEEPER_CONTAINER, settings)
        .withResources(resources(guest, settings))
        .withVolumeMounts(mounts(guest))
        .build();
  }

  private static ContainerBuilder container(String name, LaunchSettings settings) {
    return new ContainerBuilder()
        .withName(name)
        .withImage(settings.keeperImage())
        .withImagePullPolicy("IfNotPresent")
        .withSecurityContext(containerSecurity());
  }

  /// Memory is a hard limit, for a guest's memory cannot be taken back; CPU is shared by weight.
  /// What QEMU takes only for a moment is allowed, not reserved.
  private static ResourceRequirements resources(GuestSpec guest, LaunchSettings settings) {
    var memory = guest.memoryBytes() + GuestOverhead.bytes(guest);
    var milliCpus = Math.ceilDiv(guest.cpu().vcpus() * 1000, settings.cpuAllocationRatio());
    return new ResourceRequirementsBuilder()
        .addToRequests("memory", bytes(memory))
        .addToRequests("cpu", new Quantity(milliCpus + "m"))
        .addToLimits("memory", bytes(memory + GuestOverhead.MOMENTARY))
        .withClaims(
            devices(guest).stream().map(device -> new ResourceClaim(device.name(), null)).toList())
        .build();
  }

  private static List<GuestSpec.Device> devices(GuestSpec guest) {
    return guest.devices() == null ? List.of() : guest.devices();
  }

  static PodResourceClaim claim(GuestSpec.Device device) {
    return new PodResourceClaim(device.name(), device.claim(), device.claimTemplate());
  }

  private static Quantity bytes(long count) {
    return new Quantity(Long.toString(count));
  }

  private static List<Volume> volumes(GuestSpec guest) {
    var volumes = new ArrayList<Volume>();
    guest.disks().forEach(disk -> volumes.add(volume(disk)));
    volumes.add(new VolumeBuilder().withName("scratch").withNewEmptyDir().endEmptyDir().build());
    if (guest.kernel() != null) {
      volumes.add(imageVolume("kernel", guest.kernel().image()));
    }
    if (guest.cloudInit() != null && guest.cloudInit().secretName() != null) {
      volumes.add(
          new VolumeBuilder()
              .withName("user-data")
              .withNewSecret()
              .withSecretName(guest.cloudInit().secretName())
              .withItems(new KeyToPathBuilder().withKey("userData").withPath("userData").build())
              .endSecret()
              .build());
    }
    return volumes;
  }

  private static Volume volume(GuestSpec.Disk disk) {
    if (disk.image() != null) {
      return imageVolume(diskVolume(disk), disk.image());
    }
    var limit = disk.emptyBytes() + disk.emptyBytes() / 100 + EMPTY_DISK_SLACK;
    return new VolumeBuilder()
        .withName(diskVolume(disk))
        .withNewEmptyDir()
        .withSizeLimit(new Quantity(Long.toString(limit)))
        .endEmptyDir()
        .build();
  }

  private static String diskVolume(GuestSpec.Disk disk) {
    return "disk-" + disk.name();
  }

  private static Volume imageVolume(String name, String reference) {
    return new VolumeBuilder()
        .withName(name)
        .withNewImage()
        .withReference(reference)
        .endImage()
        .build();
  }

  private static List<VolumeMount> mounts(GuestSpec guest) {
    var mounts = new ArrayList<VolumeMount>();
    guest
        .disks()
        .forEach(
            disk ->
                mounts.add(mount(diskVolume(disk), "/disks/" + disk.name(), disk.image() != null)));
    mounts.add(mount("scratch", "/scratch", false));
    if (guest.kernel() != null) {
      mounts.add(mount("kernel", "/kernel", true));
    }
    if (guest.cloudInit() != null && guest.cloudInit().secretName() != null) {
      mounts.add(mount("user-data", "/user-data", true));
    }
    return mounts;
  }

  private static VolumeMount mount(String volume, String path, boolean readOnly) {
    return new VolumeMountBuilder()
        .withName(volume)
        .withMountPath(Contract.VOLUMES + path)
        .withReadOnly(readOnly)
        .build();
  }

  /// As the Pod Security Standard "restricted" asks, so that VMs run in any namespace.
  private static PodSecurityContext podSecurity() {
    return new PodSecurityContextBuilder()
        .withRunAsNonRoot(true)
        .withRunAsUser(KEEPER_UID)
        .withRunAsGroup(KEEPER_UID)
        .withNewSeccompProfile()
        .withType("RuntimeDefault")
        .endSeccompProfile()
        .build();
  }

  private static SecurityContext containerSecurity() {
    return new SecurityContextBuilder()
        .withAllowPrivilegeEscalation(false)
        .withReadOnlyRootFilesystem(true)
        .withNewCapabilities()
        .addToDrop("ALL")
        .endCapabilities()
        .build();
  }
}
