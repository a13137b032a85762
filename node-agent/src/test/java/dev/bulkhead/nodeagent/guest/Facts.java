package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachineSpec.Firmware;
import dev.bulkhead.nodeagent.domain.HostDevice;
import dev.bulkhead.nodeagent.domain.Specs;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain.State;
import dev.bulkhead.nodeagent.hypervisor.Hypervisor.Ending;
import dev.bulkhead.nodeagent.keeper.Keeper;
import dev.bulkhead.nodeagent.pod.VmPod;
import dev.bulkhead.nodeagent.pod.VmPod.Deletion;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Facts of one guest to test with: to begin with, a pod whose container has run for 10 s, and
/// nothing else.
final class Facts {
  enum Life {
    ALIVE,
    ENDED,
    GONE
  }

  static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  static final Instant BOOTED = NOW.minusSeconds(60);

  private static final int QEMU = 42;

  private Life life = Life.ALIVE;
  private int guestFormat = GuestSpec.FORMAT;
  private GuestSpec guest = Specs.spec(Specs.ONE_CPU, Firmware.Type.BIOS);
  private boolean paused;
  private Deletion deletion;
  private Instant keeperStarted = NOW.minusSeconds(10);
  private Keeper keeper = new Keeper(Specs.POD, 4711, Path.of("/proc/4711/root"), List.of());
  private GuestDomain domain;
  private boolean space;
  private boolean nameTaken;
  private Instant bootedAt;
  private Ending ending = Ending.UNKNOWN;
  private boolean ranOutOfMemory;
  private GuestEnd end;
  private Integer joinedPid;
  private GuestDevices.Wanted wanted = GuestDevices.Wanted.NOTHING;
  private Set<String> troubled = Set.of();
  private boolean leftovers;

  private Facts() {}

  static Facts of() {
    return new Facts();
  }

  Facts life(Life changed) {
    life = changed;
    return this;
  }

  Facts foreignGuest(int format) {
    guestFormat = format;
    guest = null;
    return this;
  }

  Facts wishPaused() {
    paused = true;
    return this;
  }

  /// With a grace period of 60 s, of which that much is left.
  Facts deleted(long secondsLeft) {
    var deadline = NOW.plusSeconds(secondsLeft);
    deletion = new Deletion(deadline.minusSeconds(60), deadline);
    return this;
  }

  Facts keeperStarted(long secondsAgo) {
    keeperStarted = NOW.minusSeconds(secondsAgo);
    return this;
  }

  /// By kubelet.
  Facts keeperNotReported() {
    keeperStarted = null;
    return this;
  }

  Facts withoutKeeper() {
    keeper = null;
    return this;
  }

  Facts domain(State state) {
    domain = new GuestDomain("shop.web", Specs.POD, state, QEMU, List.of());
    return this;
  }

  /// On top of what it is.
  Facts domainHas(HostDevice... devices) {
    domain =
        new GuestDomain(
            domain.name(), domain.pod(), domain.state(), domain.pid(), List.of(devices));
    return this;
  }

  /// @param changed null for what cannot be told now
  Facts wants(GuestDevices.Wanted changed) {
    wanted = changed;
    return this;
  }

  Facts troubled(HostDevice device) {
    troubled = Set.of(device.id());
    return this;
  }

  Facts space() {
    space = true;
    return this;
  }

  Facts nameTaken() {
    nameTaken = true;
    return this;
  }

  Facts booted() {
    bootedAt = BOOTED;
    return this;
  }

  Facts ended(Ending changed) {
    ending = changed;
    return this;
  }

  Facts ranOutOfMemory() {
    ranOutOfMemory = true;
    return this;
  }

  Facts end(GuestEnd changed) {
    end = changed;
    return this;
  }

  Facts joined() {
    joinedPid = QEMU;
    return this;
  }

  Facts joinedAnother() {
    joinedPid = QEMU + 1;
    return this;
  }

  Facts leftovers() {
    leftovers = true;
    return this;
  }

  GuestFacts build() {
    var pod =
        new VmPod(
            Specs.POD,
            "shop",
            "web",
            "11111111-2222-4333-8444-555555555555",
            guestFormat,
            guest,
            paused,
            deletion,
            life == Life.ENDED,
            keeperStarted,
            null,
            null,
            Map.of(),
            Set.of());
    return new GuestFacts(
        NOW,
        life == Life.GONE ? null : pod,
        keeper,
        domain,
        space,
        nameTaken,
        bootedAt,
        ending,
        ranOutOfMemory,
        end,
        joinedPid,
        wanted,
        troubled,
        leftovers);
  }
}
