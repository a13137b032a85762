package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import dev.bulkhead.crds.VirtualMachineStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// One VM, the one pod of its name, a clock, and the operator's decisions acted on as a real API
/// server does: it refuses a second pod of the name and a delete of another uid, and takes away at
/// once what has not been bound or has ended. The operator sees VM and pod through watches that may
/// lag. Whatever must never happen fails here.
final class ModelCluster {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Duration GRACE = Duration.ofSeconds(60);

  private final Watched<VirtualMachine> vm;
  private final Watched<Pod> pod = new Watched<>(null);
  private final Map<String, Integer> countedForPod = new HashMap<>();
  private Instant now = Fixtures.NOW;
  private int pods;
  private Outlook lastOutlook;

  ModelCluster() {
    var created = Fixtures.vm(Power.Running);
    created.getMetadata().setGeneration(1L);
    vm = new Watched<>(created);
  }

  Instant now() {
    return now;
  }

  VirtualMachine vm() {
    return vm.latest();
  }

  /// Null for none.
  Pod pod() {
    return pod.latest();
  }

  boolean ownPod() {
    return pod.latest() != null && new VmPod(pod.latest()).ownedBy("vm-uid");
  }

  void pass(Duration time) {
    now = now.plus(time);
  }

  void user(Consumer<VirtualMachine> edit) {
    var edited = Serialization.clone(vm.latest());
    edit.accept(edited);
    edited.getMetadata().setGeneration(vm.latest().getMetadata().getGeneration() + 1);
    vm.becomes(edited);
  }

  /// What kubelet, scheduler, node agent or somebody else does to the pod, if there is one.
  void change(UnaryOperator<PodBuilder> change) {
    if (pod.latest() != null) {
      pod.becomes(change.apply(new PodBuilder(pod.latest())).build());
    }
  }

  void create(Pod intent) {
    pods++;
    pod.becomes(
        new PodBuilder(intent)
            .editMetadata()
            .withUid("pod-" + pods)
            .withCreationTimestamp(now.toString())
            .endMetadata()
            .withNewStatus()
            .withPhase("Pending")
            .endStatus()
            .build());
  }

  void delete() {
    if (pod.latest() == null) {
      return;
    }
    var seen = new VmPod(pod.latest());
    if (seen.node().isEmpty() || seen.end().isPresent()) {
      pod.becomes(null);
    } else if (!seen.leaving()) {
      change(Fixtures.deleting(now.plus(GRACE).toString()));
    }
  }

  /// Kubelet confirms that nothing of a deleted pod runs any more.
  void confirmDeletion() {
    if (pod.latest() != null && new VmPod(pod.latest()).leaving()) {
      pod.becomes(null);
    }
  }

  /// One reconcile, on what the watches have brought so far.
  ///
  /// @param lag how many of the latest changes are still on their way
  /// @return whether it did or wrote anything
  boolean operatorLooks(int lag) {
    var seen = vm.view(lag);
    var seenPod = pod.view(lag);
    var facts =
        new VirtualMachineFacts(
            seenPod == null ? null : new VmPod(seenPod), null, List.of(), List.of(), now);
    var situation = Situation.of(seen, facts);
    var restart = RestartRecord.of(seen, situation, now);
    var plan = LaunchPlanner.plan(seen, situation, restart, Fixtures.SETTINGS, now);
    var outcome = act(plan, facts);
    if (!(plan instanceof LaunchPlan.Wait) && outcome instanceof Outcome.Done) {
      return true;
    }
    lastOutlook = Outlook.of(seen, facts, situation, restart, outcome);
    var status =
        VirtualMachineStatusPlanner.plan(
            seen, facts, situation, restart, lastOutlook, new Outcome.Done());
    if (lastOutlook.settledAt().isAfter(now)
        || JSON.valueToTree(status).equals(JSON.valueToTree(seen.getStatus()))) {
      return false;
    }
    write(status, situation);
    return true;
  }

  private Outcome act(LaunchPlan plan, VirtualMachineFacts facts) {
    switch (plan) {
      case LaunchPlan.Create(var intent) -> {
        assertThat(facts.pod()).as("the pod that was seen, when one was made").isNull();
        if (pod.latest() != null) {
          return ownPod()
              ? new Outcome.Done()
              : new Outcome.Refused(Reason.NameTaken, Words.nameTaken(new VmPod(pod.latest())));
        }
        create(intent);
      }
      case LaunchPlan.Delete(var doomed) -> {
        assertThat(doomed.ownedBy("vm-uid")).as("the deleted pod is the VM's own").isTrue();
        if (pod.latest() != null && new VmPod(pod.latest()).uid().equals(doomed.uid())) {
          delete();
        }
      }
      case LaunchPlan.SetPower(var asked, var power) -> {
        assertThat(asked.ownedBy("vm-uid")).as("the changed pod is the VM's own").isTrue();
        if (pod.latest() != null && new VmPod(pod.latest()).uid().equals(asked.uid())) {
          change(
              p ->
                  p.editMetadata()
                      .addToAnnotations(Contract.POWER_ANNOTATION, power.name())
                      .endMetadata());
        }
      }
      case LaunchPlan.Wait() -> {}
    }
    return new Outcome.Done();
  }

  /// The answer to its own write is seen at once.
  private void write(VirtualMachineStatus status, Situation situation) {
    var before = count(vm.latest().getStatus());
    var after = count(status);
    assertThat(after).as("restarts counted at one look").isLessThanOrEqualTo(before + 1);
    if (after > before) {
      assertThat(situation).as("what was counted as an end").isInstanceOf(Situation.Ended.class);
    }
    if (situation instanceof Situation.Ended(var ended, _) && status.getRestarts() != null) {
      assertThat(after)
          .as("restarts, once the end of %s was counted", ended.uid())
          .isEqualTo(countedForPod.computeIfAbsent(ended.uid(), _ -> after));
    }
    var written = Serialization.clone(vm.latest());
    written.setStatus(status);
    vm.becomes(written);
    vm.view(0);
  }

  private static int count(VirtualMachineStatus status) {
    return status == null || status.getRestarts() == null ? 0 : status.getRestarts().getCount();
  }

  /// Time goes by and deleted pods go, but nothing else happens to the pod, until the operator has
  /// nothing more to do.
  void settle() {
    int quiet = 0;
    for (int looks = 0; looks < 60 && quiet < 3; looks++) {
      if (operatorLooks(0)) {
        quiet = 0;
      } else if (pod.latest() != null && new VmPod(pod.latest()).leaving()) {
        confirmDeletion();
      } else {
        quiet++;
        var recheckAt = lastOutlook.recheckAt();
        now = recheckAt != null && recheckAt.isAfter(now) ? recheckAt : now;
      }
    }
    assertThat(quiet).as("looks in a row that did nothing").isEqualTo(3);
  }

  /// An object as the API server has it, and as much of its history as a watch has brought. A watch
  /// never goes back.
  private static final class Watched<T> {
    private final List<T> history = new ArrayList<>();
    private int seen;

    Watched(T first) {
      history.add(first);
    }

    T latest() {
      return history.getLast();
    }

    void becomes(T next) {
      history.add(next);
    }

    T view(int lag) {
      seen = Math.max(seen, history.size() - 1 - lag);
      return history.get(seen);
    }
  }
}
