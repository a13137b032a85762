package dev.bulkhead.operator.virtualmachine;

import static dev.bulkhead.operator.virtualmachine.Fixtures.NOW;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.crds.VirtualMachineSpec.RestartPolicy;
import dev.bulkhead.crds.VirtualMachineStatus;
import dev.bulkhead.crds.VirtualMachineStatus.Restarts;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/// VMs as the API server lets them in, with any status; and pods of their name in any state, those
/// included that no program of ours would make.
final class AnyVm {
  private static final List<String> WORDS =
      List.of(
          "",
          "null",
          "0",
          "{}",
          "[]",
          "{\"format\":1}",
          "{\"format\":9}",
          "no JSON",
          "Running",
          "{\"format\":1,\"state\":\"Running\",\"bootTime\":\"yesterday\"}",
          "{\"format\":1,\"state\":\"Hovering\"}",
          "{\"metadata\":{\"labels\":{\"disk.size\":\"large\"}},\"spec\":{\"memory\":{\"size\":\"?\"}}}",
          "{\"spec\":{\"disks\":[{\"name\":\"a\"},{\"name\":\"a\"}],\"cpu\":7,\"memory\":[null]}}");

  private static final List<String> TIMES =
      List.of(Fixtures.LONG_AGO, "2026-11-23T11:59:59Z", "2026-11-23T12:00:30Z", NOW.toString());

  private AnyVm() {}

  static Arbitrary<VirtualMachine> vms() {
    return Combinators.combine(
            Arbitraries.of(Power.class),
            Arbitraries.of(RestartPolicy.class),
            Arbitraries.of("64Mi", "0.0625Gi", "67108864", "1Gi"),
            Arbitraries.integers().between(1, 255),
            Arbitraries.<Map<String, String>>of(
                Map.of(), Map.of("app", "web"), Map.of("disk.size", "small"), Map.of("", "")),
            Arbitraries.longs().between(1, 4),
            statuses().injectNull(0.2))
        .as(
            (power, policy, memory, cores, labels, generation, status) -> {
              var vm = Fixtures.vm(power);
              vm.getMetadata().setLabels(labels);
              vm.getMetadata().setGeneration(generation);
              vm.getSpec().setRestartPolicy(policy);
              vm.getSpec().getMemory().setSize(memory);
              vm.getSpec().getCpu().setCores(cores);
              vm.setStatus(status);
              return vm;
            });
  }

  private static Arbitrary<VirtualMachineStatus> statuses() {
    return Combinators.combine(
            Arbitraries.longs().between(1, 4).injectNull(0.1),
            restarts().injectNull(0.3),
            condition().list().ofMaxSize(3).injectNull(0.1))
        .as(
            (generation, restarts, conditions) -> {
              var status = new VirtualMachineStatus();
              status.setObservedGeneration(generation);
              status.setRestarts(restarts);
              status.setConditions(conditions);
              return status;
            });
  }

  private static Arbitrary<Restarts> restarts() {
    return Combinators.combine(
            Arbitraries.integers().between(0, 9).injectNull(0.1),
            Arbitraries.of("PoweredOff", "Crashed", "StartFailed", "Evicted", "Abducted")
                .injectNull(0.1),
            Arbitraries.of("pod-uid", "former-pod").injectNull(0.1),
            times(),
            times(),
            Arbitraries.of("it ended", "").injectNull(0.2))
        .as(
            (count, reason, pod, at, next, message) -> {
              var restarts = new Restarts();
              restarts.setCount(count);
              restarts.setLastExitReason(reason);
              restarts.setLastExitPod(pod);
              restarts.setLastExitTime(at);
              restarts.setNextStartTime(next);
              restarts.setLastExitMessage(message);
              return restarts;
            });
  }

  private static Arbitrary<String> times() {
    return Arbitraries.frequencyOf(
        Tuple.of(9, Arbitraries.of(TIMES)),
        Tuple.of(1, Arbitraries.of("soon", "")),
        Tuple.of(1, Arbitraries.just(null)));
  }

  private static Arbitrary<Condition> condition() {
    return Combinators.combine(
            Arbitraries.of("Running", "Running", "Ready", "Scheduled", "Haunted"),
            Arbitraries.of("True", "False", "Unknown").injectNull(0.1),
            Arbitraries.of(Reason.class).map(Reason::name).injectNull(0.1),
            times())
        .as(
            (type, status, reason, since) -> {
              var condition = new Condition();
              condition.setType(type);
              condition.setStatus(status);
              condition.setReason(reason);
              condition.setLastTransitionTime(since);
              return condition;
            });
  }

  static Arbitrary<VirtualMachineFacts> facts() {
    var trouble =
        Combinators.combine(
                Arbitraries.of("FailedMount", "FailedCreatePodSandBox", "").injectNull(0.1),
                Arbitraries.of("why", "").injectNull(0.2))
            .as(PodTrouble::ofEvent);
    return Combinators.combine(
            pods().injectNull(0.1),
            trouble.injectNull(0.7),
            Arbitraries.of(true, false),
            Arbitraries.integers().between(-9, 99))
        .as(
            (pod, words, lacking, seconds) ->
                new VirtualMachineFacts(
                    pod == null ? null : asServed(pod),
                    words,
                    lacking ? List.of("there is no GPU") : List.of(),
                    List.of(),
                    NOW.plusSeconds(seconds)));
  }

  /// Through JSON, as from an API server: what is empty there is absent.
  private static VmPod asServed(PodBuilder pod) {
    return new VmPod(Serialization.clone(pod.build()));
  }

  private static Arbitrary<PodBuilder> pods() {
    var stages =
        Arbitraries.of(
            List.<UnaryOperator<PodBuilder>>of(
                _ -> Fixtures.created(),
                _ -> Fixtures.bound(),
                _ -> Fixtures.keeperRuns(),
                _ -> Fixtures.reported(State.Starting),
                _ -> Fixtures.reported(State.Running),
                _ -> Fixtures.reported(State.Paused),
                _ -> Fixtures.reported(State.Stopping),
                _ -> Fixtures.ended(Contract.EXIT_POWERED_OFF),
                _ -> Fixtures.ended(Contract.EXIT_CRASHED),
                _ -> Fixtures.ended(Contract.EXIT_START_FAILED),
                _ -> Fixtures.ended(137)));
    return Combinators.combine(stages, oddity().list().ofMaxSize(4))
        .as(
            (stage, oddities) -> {
              var pod = stage.apply(null);
              for (var oddity : oddities) {
                pod = oddity.apply(pod);
              }
              return pod;
            });
  }

  private static Arbitrary<UnaryOperator<PodBuilder>> oddity() {
    return Arbitraries.oneOf(
        Arbitraries.of(TIMES).map(Fixtures::deleting),
        Combinators.combine(
                Arbitraries.of(
                    Contract.REPORT_ANNOTATION,
                    Contract.MADE_FROM_ANNOTATION,
                    Contract.POWER_ANNOTATION,
                    Contract.GUEST_ANNOTATION),
                Arbitraries.of(WORDS))
            .as(
                (name, text) ->
                    pod -> pod.editMetadata().addToAnnotations(name, text).endMetadata()),
        Arbitraries.of(
            List.<UnaryOperator<PodBuilder>>of(
                pod -> pod.editMetadata().withOwnerReferences().endMetadata(),
                pod ->
                    pod.editMetadata()
                        .withOwnerReferences()
                        .addNewOwnerReference()
                        .withController(true)
                        .withKind("VirtualMachine")
                        .withUid("another")
                        .endOwnerReference()
                        .endMetadata(),
                pod ->
                    pod.editMetadata()
                        .withOwnerReferences()
                        .addNewOwnerReference()
                        .withController(true)
                        .withUid("another")
                        .endOwnerReference()
                        .endMetadata(),
                pod -> pod.editMetadata().withAnnotations(null).endMetadata(),
                pod -> pod.editSpec().withNodeName("").endSpec(),
                pod -> pod.withStatus(new PodStatus()),
                pod -> pod.editStatus().withContainerStatuses().endStatus(),
                pod -> pod.editStatus().withConditions().endStatus(),
                pod -> pod.editStatus().withPhase("Failed").endStatus(),
                pod -> pod.editStatus().withReason("Evicted").endStatus(),
                pod -> pod.editStatus().withPodIP("10.0.0.1").endStatus(),
                AnyVm::withoutFinishedAt,
                AnyVm::unschedulableWithoutAWord)));
  }

  private static PodBuilder withoutFinishedAt(PodBuilder pod) {
    var built = pod.build();
    built.getStatus().getContainerStatuses().stream()
        .filter(container -> container.getState().getTerminated() != null)
        .forEach(container -> container.getState().getTerminated().setFinishedAt(null));
    return new PodBuilder(built);
  }

  private static PodBuilder unschedulableWithoutAWord(PodBuilder pod) {
    return pod.editStatus()
        .addNewCondition()
        .withType("PodScheduled")
        .withStatus("False")
        .endCondition()
        .endStatus();
  }
}
