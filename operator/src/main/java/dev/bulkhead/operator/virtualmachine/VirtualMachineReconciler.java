package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.operator.leadership.Leadership;
import dev.bulkhead.operator.watch.LeanStore;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ResourceQuota;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.config.informer.Informer;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.MaxReconciliationInterval;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.javaoperatorsdk.operator.processing.retry.GradualRetry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/// A VirtualMachine and its pod: observe, decide, act, report.
@ControllerConfiguration(
    name = "virtualmachine",
    fieldManager = Contract.OPERATOR_FIELD_MANAGER,
    informer = @Informer(itemStore = LeanStore.class, informerListLimit = LeanStore.LISTED_AT_ONCE),
    generationAwareEventProcessing = false, // labels go to the pod, and move no generation
    maxReconciliationInterval =
        @MaxReconciliationInterval(interval = 10, timeUnit = TimeUnit.MINUTES))
@GradualRetry(maxAttempts = Integer.MAX_VALUE, maxInterval = 60_000)
public final class VirtualMachineReconciler implements Reconciler<VirtualMachine> {
  /// The net under the watch that tells what came of a step.
  private static final Duration STEP_RECHECK = Duration.ofSeconds(3);

  private final LaunchSettings settings;
  private final Leadership leadership;
  private final VirtualMachineObserver observer;
  private final LaunchApplier applier;
  private final VirtualMachineStatusWriter writer;

  public VirtualMachineReconciler(
      LaunchSettings settings,
      Leadership leadership,
      KubernetesClient client,
      InstantSource clock) {
    var pods = new VmPods(client);
    this.settings = settings;
    this.leadership = leadership;
    this.observer = new VirtualMachineObserver(new DeviceObserver(client, clock), clock);
    this.applier = new LaunchApplier(pods);
    this.writer = new VirtualMachineStatusWriter(new VmEvents(client));
  }

  @Override
  public UpdateControl<VirtualMachine> reconcile(
      VirtualMachine vm, Context<VirtualMachine> context) {
    if (!leadership.held()) {
      return UpdateControl.noUpdate();
    }
    var facts = observer.observe(context);
    var situation = Situation.of(vm, facts);
    var restart = RestartRecord.of(vm, situation, facts.now());
    var plan = LaunchPlanner.plan(vm, situation, restart, settings, facts.now());
    var outcome = applier.apply(plan);
    if (!(plan instanceof LaunchPlan.Wait) && outcome instanceof Outcome.Done) {
      return UpdateControl.<VirtualMachine>noUpdate().rescheduleAfter(STEP_RECHECK);
    }
    var devices = DevicePlanner.plan(vm, situation, facts.devicePods(), settings);
    var devicesOutcome = applier.apply(devices);
    if (!devices.nothing() && devicesOutcome instanceof Outcome.Done) {
      return UpdateControl.<VirtualMachine>noUpdate().rescheduleAfter(STEP_RECHECK);
    }
    var outlook = Outlook.of(vm, facts, situation, restart, outcome).after(devicesOutcome, facts);
    var status =
        VirtualMachineStatusPlanner.plan(vm, facts, situation, restart, outlook, devicesOutcome);
    return writer.publish(vm, status, outlook, facts.now(), context);
  }

  @Override
  public List<EventSource<?, VirtualMachine>> prepareEventSources(
      EventSourceContext<VirtualMachine> context) {
    return List.of(
        new LeadershipObserver(leadership, context.getPrimaryCache()),
        new InformerEventSource<>(
            pods(Contract.VM_LABEL, ResourceID::fromResource, context)
                .withName(VirtualMachineObserver.VM_PODS)
                .build(),
            context),
        new InformerEventSource<>(
            pods(Contract.DEVICE_OF_LABEL, VirtualMachineReconciler::vmOf, context)
                .withName(VirtualMachineObserver.DEVICE_PODS)
                .withOnAddFilter(pod -> isThere(vmOf(pod), context))
                .build(),
            context),
        new InformerEventSource<>(
            PodWarningsObserver.watched(vm -> context.getPrimaryCache().get(vm).isPresent()),
            context),
        new InformerEventSource<>(
            InformerEventSourceConfiguration.from(ResourceQuota.class, VirtualMachine.class)
                .withSecondaryToPrimaryMapper(quota -> waitingFor(quota, context))
                .build(),
            context));
  }

  /// Once a VM is deleted, what comes of its pods is no event for it. (The SDK would note the
  /// event, and forgets such notes only when a VM is deleted.)
  private static InformerEventSourceConfiguration.Builder<Pod> pods(
      String label, Function<Pod, ResourceID> vmOf, EventSourceContext<VirtualMachine> context) {
    return InformerEventSourceConfiguration.from(Pod.class, VirtualMachine.class)
        .withLabelSelector(label)
        .withItemStore(new LeanStore<>())
        .withInformerListLimit(LeanStore.LISTED_AT_ONCE)
        .withSecondaryToPrimaryMapper(pod -> Set.of(vmOf.apply(pod)))
        .withOnUpdateFilter((pod, before) -> isThere(vmOf.apply(pod), context))
        .withOnDeleteFilter((pod, unknown) -> isThere(vmOf.apply(pod), context));
  }

  private static ResourceID vmOf(Pod devicePod) {
    var meta = devicePod.getMetadata();
    return new ResourceID(meta.getLabels().get(Contract.DEVICE_OF_LABEL), meta.getNamespace());
  }

  private static boolean isThere(ResourceID vm, EventSourceContext<VirtualMachine> context) {
    return context.getPrimaryCache().get(vm).isPresent();
  }

  private static Set<ResourceID> waitingFor(
      ResourceQuota quota, EventSourceContext<VirtualMachine> context) {
    return context
        .getPrimaryCache()
        .list(
            quota.getMetadata().getNamespace(),
            vm ->
                Conditions.reason(vm.getStatus(), ConditionType.Running)
                    .equals(Optional.of(Reason.QuotaExceeded)))
        .map(ResourceID::fromResource)
        .collect(Collectors.toSet());
  }
}
