package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.crds.VirtualMachineSpec.RestartPolicy;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// Manifests and annotations as nobody should write them: taken, or refused in the documented way.
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class ManifestFuzzTest {
  private static final String FULL =
      """
      {"apiVersion": "bulkhead.dev/v1alpha1", "kind": "VirtualMachine",
       "metadata": {"name": "web", "namespace": "shop", "uid": "vm-uid", "generation": 3,
        "labels": {"app": "web", "disk.size": "big"}},
       "spec": {"power": "Paused", "restartPolicy": "OnFailure",
        "cpu": {"cores": 2, "sockets": 1, "threads": 2, "model": "EPYC"},
        "memory": {"size": "1.5Gi"}, "firmware": {"type": "UEFI"},
        "kernel": {"image": "guest:1", "path": "/boot/vmlinuz", "args": "quiet"},
        "disks": [{"name": "root", "image": {"reference": "disk:1", "path": "/disk/a"}, "bootOrder": 1},
         {"name": "data", "empty": {"size": "1Gi"}, "bus": "SCSI",
          "limits": {"iops": 100, "bandwidth": "1Mi"}}],
        "interfaces": [{"name": "default", "pod": {}, "limits": {"bandwidth": "10Mi"}}],
        "devices": [{"name": "gpu", "claim": {"template": "one-gpu"}}], "iommu": "Intel",
        "cloudInit": {"userDataSecret": {"name": "init"}},
        "nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
         {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "web"}}}]}},
        "terminationGracePeriodSeconds": 7},
       "status": {"observedGeneration": 2, "restarts": {"count": 3, "lastExitReason": "Crashed",
         "lastExitPod": "pod-uid", "lastExitMessage": "it died",
         "lastExitTime": "2026-11-23T11:59:59Z", "nextStartTime": "2026-11-23T12:00:09Z"},
        "conditions": [{"type": "Running", "status": "False", "reason": "BackOff"}]}}
      """;

  private static final String SMALL =
      """
      {"metadata": {"name": "web", "namespace": "shop", "uid": "vm-uid", "generation": 1},
       "spec": {"cpu": {"cores": 1}, "memory": {"size": "64Mi"}, "kernel": {"image": "guest:1"}}}
      """;

  @Test
  void noManifestBreaksTheOperator() {
    var pods =
        List.of(
            Fixtures.facts(Fixtures.created()),
            Fixtures.facts(Fixtures.reported(State.Running)),
            Fixtures.facts(Fixtures.ended(1)),
            new VirtualMachineFacts(null, null, List.of(), List.of(), Fixtures.NOW));
    Mutations.tryAll(
        30_000,
        text ->
            read(text)
                .filter(ManifestFuzzTest::wouldBeServed)
                .ifPresent(vm -> pods.forEach(facts -> decide(vm, facts))),
        FULL,
        SMALL);
  }

  /// Fabric8 refuses what it cannot read with one of these. It would take for YAML what is no JSON
  /// object, which no API server sends.
  private static Optional<VirtualMachine> read(String manifest) {
    if (!manifest.startsWith("{")) {
      return Optional.empty();
    }
    try {
      return Optional.ofNullable(Serialization.unmarshal(manifest, VirtualMachine.class));
    } catch (KubernetesClientException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /// What the API server checks beyond the types, roughly: its own tests have the CRD's rules. A
  /// spec that no guest can be made of is refused in one way only.
  private static boolean wouldBeServed(VirtualMachine vm) {
    if (vm.getSpec() == null
        || vm.getMetadata() == null
        || vm.getMetadata().getUid() == null
        || vm.getMetadata().getGeneration() == null) {
      return false;
    }
    if (vm.getSpec().getPower() == null) {
      vm.getSpec().setPower(Power.Running);
    }
    if (vm.getSpec().getRestartPolicy() == null) {
      vm.getSpec().setRestartPolicy(RestartPolicy.Always);
    }
    try {
      return GuestSpec.parse(GuestSpec.from(vm).toJson()).isPresent();
    } catch (IllegalArgumentException refused) {
      return false;
    }
  }

  @Test
  void noAnnotationBreaksTheOperator() {
    var madeFrom = MadeFrom.of(Serialization.unmarshal(FULL, VirtualMachine.class)).toJson();
    var vm = Serialization.unmarshal(FULL, VirtualMachine.class);
    var running = Fixtures.reported(State.Running).build();
    var ended = Fixtures.ended(1).build();
    for (var name :
        List.of(
            Contract.MADE_FROM_ANNOTATION,
            Contract.REPORT_ANNOTATION,
            Contract.POWER_ANNOTATION,
            Contract.GUEST_ANNOTATION)) {
      Mutations.tryAll(
          name.equals(Contract.GUEST_ANNOTATION) ? 500 : 5_000,
          text -> {
            decide(vm, annotated(running, name, text));
            decide(vm, annotated(ended, name, text));
          },
          madeFrom,
          "{\"format\":1,\"state\":\"Running\",\"bootTime\":\"2026-11-23T11:00:00Z\"}",
          "Paused");
    }
  }

  private static VirtualMachineFacts annotated(Pod pod, String name, String text) {
    return Fixtures.facts(
        new PodBuilder(pod).editMetadata().addToAnnotations(name, text).endMetadata());
  }

  private static void decide(VirtualMachine vm, VirtualMachineFacts facts) {
    var situation = Situation.of(vm, facts);
    var restart = RestartRecord.of(vm, situation, facts.now());
    var plan = LaunchPlanner.plan(vm, situation, restart, Fixtures.SETTINGS, facts.now());
    assertThat(plan).isNotNull();
    var outlook = Outlook.of(vm, facts, situation, restart, new Outcome.Done());
    var status =
        VirtualMachineStatusPlanner.plan(
            vm, facts, situation, restart, outlook, new Outcome.Done());
    assertThat(status.getConditions())
        .extracting(Condition::getType)
        .contains("Ready", "Scheduled", "Running", "RestartRequired")
        .doesNotHaveDuplicates();
    assertThat(DevicePlanner.plan(vm, situation, facts.devicePods(), Fixtures.SETTINGS))
        .isNotNull();
  }
}
