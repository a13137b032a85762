package dev.bulkhead.operator.virtualmachine;

import static dev.bulkhead.operator.virtualmachine.Fixtures.NOW;
import static dev.bulkhead.operator.virtualmachine.Fixtures.SETTINGS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport.State;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.crds.VirtualMachineSpec.Power;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/// Devices that come to a guest that runs, and go.
class DevicePlannerTest {

  private static VirtualMachine vm(Map<String, String> claims) {
    var vm = Fixtures.vm(Power.Running);
    vm.getSpec()
        .setDevices(
            claims.entrySet().stream()
                .map(e -> Fixtures.device(e.getKey(), e.getValue()))
                .toList());
    return vm;
  }

  /// A pod that was made with these claims, by entry.
  private static PodBuilder startedWith(Map<String, String> claims) {
    return Fixtures.reported(State.Running)
        .editSpec()
        .withResourceClaims(
            claims.entrySet().stream()
                .map(e -> new PodResourceClaim(e.getKey(), e.getValue(), null))
                .toList())
        .endSpec();
  }

  private static DevicePlan plan(VirtualMachine vm, PodBuilder pod, List<DevicePod> devicePods) {
    var facts =
        new VirtualMachineFacts(
            pod == null ? null : new VmPod(pod.build()), null, List.of(), devicePods, NOW);
    return DevicePlanner.plan(vm, Situation.of(vm, facts), devicePods, SETTINGS);
  }

  /// As the API server stores it.
  private static DevicePod made(Pod pod) {
    var stored =
        pod.getStatus() == null
            ? new PodBuilder(pod).withNewStatus().withPhase("Pending").endStatus().build()
            : pod;
    return new DevicePod(new VmPod(stored), List.of());
  }

  private static DevicePod leaving(DevicePod pod) {
    return made(
        new PodBuilder(pod.pod().pod())
            .editMetadata()
            .withDeletionTimestamp(Fixtures.LONG_AGO)
            .endMetadata()
            .build());
  }

  private static DevicePod held(String entry, String claim) {
    return made(
        plan(vm(Map.of(entry, claim)), startedWith(Map.of()), List.of()).create().getFirst());
  }

  private static Set<String> detached(DevicePlan plan) {
    return plan.detach().orElseThrow().devices().names();
  }

  @Test
  void aNewDeviceIsClaimedByAPodOfItsOwnWhereTheGuestIs() {
    var plan = plan(vm(Map.of("old", "a", "new", "b")), startedWith(Map.of("old", "a")), List.of());
    assertThat(plan.delete()).isEmpty();
    assertThat(plan.detach()).isEmpty();
    assertThat(plan.create())
        .singleElement()
        .satisfies(
            pod -> {
              assertThat(pod.getMetadata().getLabels())
                  .containsExactly(Map.entry(Contract.DEVICE_OF_LABEL, "web"));
              assertThat(pod.getMetadata().getAnnotations())
                  .containsEntry(Contract.DEVICE_ANNOTATION, "new");
              assertThat(pod.getMetadata().getOwnerReferences().getFirst().getUid())
                  .isEqualTo("pod-uid");
              assertThat(pod.getSpec().getResourceClaims())
                  .containsExactly(new PodResourceClaim("new", "b", null));
              assertThat(pod.getSpec().getContainers().getFirst().getResources().getClaims())
                  .extracting(claim -> claim.getName())
                  .containsExactly("new");
              assertThat(pod.getSpec().getAffinity().toString()).contains("worker-1");
            });
  }

  @Test
  void whatTheSpecNoLongerHasIsTakenFromTheGuest() {
    var later = held("later", "b");
    var plan = plan(vm(Map.of()), startedWith(Map.of("own", "a")), List.of(later));
    assertThat(plan.create()).isEmpty();
    assertThat(plan.delete()).containsExactly(later.pod());
    assertThat(detached(plan)).containsExactly("own");
  }

  @Test
  void whatComesBackToTheSpecComesBackToTheGuest() {
    var pod =
        startedWith(Map.of("own", "a"))
            .editMetadata()
            .addToAnnotations(Contract.DETACHED_ANNOTATION, "own")
            .endMetadata();
    assertThat(plan(vm(Map.of()), pod, List.of()).nothing()).isTrue();
    assertThat(detached(plan(vm(Map.of("own", "a")), pod, List.of()))).isEmpty();
  }

  /// The old one must be gone before the guest can have the new one in the same entry.
  @Test
  void anEntryThatWasAddedLaterCanChangeItsClaim() {
    var old = held("later", "a");
    var plan = plan(vm(Map.of("later", "b")), startedWith(Map.of()), List.of(old));
    assertThat(plan.delete()).containsExactly(old.pod());
    assertThat(plan.create())
        .extracting(pod -> pod.getSpec().getResourceClaims().getFirst().getResourceClaimName())
        .containsExactly("b");
  }

  @Test
  void aDeviceThatComesBackWaitsForItsFormerPodToBeGone() {
    var going = leaving(held("later", "a"));
    assertThat(plan(vm(Map.of("later", "a")), startedWith(Map.of()), List.of(going)).nothing())
        .isTrue();
  }

  @Test
  void aGuestThatDoesNotRunHoldsNothing() {
    var pods = List.of(held("later", "a"), leaving(held("going", "b")));
    var plan = plan(vm(Map.of("later", "a", "another", "c")), Fixtures.ended(1), pods);
    assertThat(plan.create()).isEmpty();
    assertThat(plan.delete()).containsExactly(pods.getFirst().pod());
    assertThat(plan(vm(Map.of()), null, pods).delete()).containsExactly(pods.getFirst().pod());
  }

  @Test
  void aGuestThatShutsDownKeepsWhatItHasUntilItIsOff() {
    var leaving = Fixtures.deleting(Fixtures.LONG_AGO).apply(startedWith(Map.of()));
    assertThat(plan(vm(Map.of()), leaving, List.of(held("later", "a"))).nothing()).isTrue();
  }

  @Test
  void whatWasHeldForAFormerPodOfTheVmIsLetGo() {
    var former =
        made(
            new PodBuilder(held("later", "a").pod().pod())
                .editMetadata()
                .withName("of-former")
                .editFirstOwnerReference()
                .withUid("former-uid")
                .endOwnerReference()
                .endMetadata()
                .build());
    var plan = plan(vm(Map.of("later", "a")), startedWith(Map.of()), List.of(former));
    assertThat(plan.delete()).containsExactly(former.pod());
    assertThat(plan.create()).as("while it has the claim").isEmpty();
  }

  /// Evicted, or killed: kubelet has given its claim back.
  @Test
  void aPodThatHasEndedMakesRoomForAnother() {
    var evicted =
        made(
            new PodBuilder(held("later", "a").pod().pod())
                .withNewStatus()
                .withPhase("Failed")
                .endStatus()
                .build());
    var plan = plan(vm(Map.of("later", "a")), startedWith(Map.of()), List.of(evicted));
    assertThat(plan.delete()).containsExactly(evicted.pod());
    assertThat(plan.create()).isEmpty();
    assertThat(plan(vm(Map.of("later", "a")), startedWith(Map.of()), List.of()).create())
        .hasSize(1);
  }

  @Test
  void anEntryThatOnlyChangesItsNameCostsTheGuestNothing() {
    var own = plan(vm(Map.of("new", "a")), startedWith(Map.of("old", "a")), List.of());
    assertThat(own.nothing()).isTrue();

    var old = held("old", "a");
    var later = plan(vm(Map.of("new", "a")), startedWith(Map.of()), List.of(old));
    assertThat(later.create()).as("while the other one has the claim").isEmpty();
  }

  @Test
  void whatAnothersGuestHasIsLeftAlone() {
    var others =
        startedWith(Map.of())
            .editMetadata()
            .editFirstOwnerReference()
            .withUid("former-vm")
            .endOwnerReference()
            .endMetadata();
    assertThat(plan(vm(Map.of()), others, List.of(held("later", "a"))).nothing()).isTrue();
  }

  @Property(tries = 500)
  void onceItIsDoneThereIsNothingToDo(
      @ForAll @Size(max = 4) Set<Entry> wanted,
      @ForAll @Size(max = 4) Set<Entry> own,
      @ForAll @Size(max = 4) Set<Entry> held,
      @ForAll @Size(max = 2) Set<Entry> detached) {
    var vm = vm(claims(wanted));
    var pod =
        startedWith(claims(own))
            .editMetadata()
            .addToAnnotations(
                Contract.DETACHED_ANNOTATION,
                String.join(",", detached.stream().map(Entry::name).toList()))
            .endMetadata();
    var pods =
        new ArrayList<>(held.stream().map(e -> held(e.name(), "claim-" + e.name())).toList());

    var plan = plan(vm, pod, pods);
    pods.removeIf(p -> plan.delete().contains(p.pod()));
    plan.create().stream().map(DevicePlannerTest::made).forEach(pods::add);
    plan.detach()
        .ifPresent(
            detach ->
                pod.editMetadata()
                    .addToAnnotations(Contract.DETACHED_ANNOTATION, detach.devices().text())
                    .endMetadata());

    assertThat(plan(vm, pod, pods).nothing()).isTrue();
    assertThat(pods).extracting(p -> p.pod().name()).doesNotHaveDuplicates();
  }

  enum Entry {
    gpu,
    disk,
    card,
    stick
  }

  private static Map<String, String> claims(Set<Entry> entries) {
    var claims = new TreeMap<String, String>();
    entries.forEach(entry -> claims.put(entry.name(), "claim-" + entry.name()));
    return claims;
  }
}
