package dev.bulkhead.nodeagent.guest;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.nodeagent.device.claim.Prepared;
import dev.bulkhead.nodeagent.device.claim.Prepared.PreparedDevice;
import dev.bulkhead.nodeagent.device.claim.PreparedFiles;
import dev.bulkhead.nodeagent.device.claim.Viability;
import dev.bulkhead.nodeagent.device.inventory.NumaNodes;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import dev.bulkhead.nodeagent.disk.RefusedException;
import dev.bulkhead.nodeagent.domain.HostDevice;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain;
import dev.bulkhead.nodeagent.pod.VmPod;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The node's devices that a guest was given: kubelet had its pod's claims prepared before it
/// started the keeper. Takes and gives nothing itself.
final class GuestDevices {
  private static final Pattern GROUP = Pattern.compile("/dev/vfio/(\\d+)");
  private static final Pattern USB = Pattern.compile("/dev/bus/usb/(\\d+)/(\\d+)");

  private final PreparedFiles files;
  private final Viability viability;
  private final NumaNodes numaNodes;

  GuestDevices(PreparedFiles files, Viability viability, NumaNodes numaNodes) {
    this.files = files;
    this.viability = viability;
    this.numaNodes = numaNodes;
  }

  /// A device that is the guest's.
  ///
  /// @param entry of the VM's spec
  record Given(String entry, PreparedDevice device) {

    /// None for hardware that is only a record of another machine's.
    Stream<HostDevice> inGuest() {
      if (device.nodes().isEmpty()) {
        return Stream.empty();
      }
      var settings = device.guest();
      return switch (device.source()) {
        case Source.Group(var functions) ->
            IntStream.range(0, functions.size())
                .mapToObj(place -> new HostDevice.Function(functions.get(place), place, settings));
        case Source.VirtualFunction vf ->
            Stream.of(new HostDevice.Function(vf.address(), 0, settings));
        case Source.Mediated mdev -> Stream.of(new HostDevice.Mediated(mdev.uuid(), settings));
        case Source.Usb _ -> Stream.of(usb());
      };
    }

    private HostDevice usb() {
      var numbers = USB.matcher(device.nodes().getFirst());
      if (!numbers.matches()) {
        throw new IllegalStateException("no USB device: " + device);
      }
      return new HostDevice.Usb(
          Integer.parseInt(numbers.group(1)), Integer.parseInt(numbers.group(2)), device.guest());
    }

    boolean isIn(GuestDomain domain) {
      return inGuest().allMatch(domain::has);
    }

    Stream<GuestReport.Device> reported() {
      if (device.nodes().isEmpty()) {
        return Stream.empty();
      }
      return addresses()
          .map(address -> new GuestReport.Device(entry, address, group().orElse(null)));
    }

    private Stream<String> addresses() {
      return switch (device.source()) {
        case Source.Group(var functions) -> functions.stream().map(PciAddress::toString);
        case Source.VirtualFunction vf -> Stream.of(vf.address().toString());
        case Source.Mediated mdev -> Stream.of(mdev.uuid());
        case Source.Usb(var port) -> Stream.of(port);
      };
    }

    /// Of functions that go together the first stands for all. None for a USB device.
    private Optional<PciAddress> function() {
      return switch (device.source()) {
        case Source.Group(var functions) -> Optional.of(functions.getFirst());
        case Source.VirtualFunction vf -> Optional.of(vf.address());
        case Source.Mediated mdev -> Optional.of(mdev.parent());
        case Source.Usb _ -> Optional.empty();
      };
    }

    private Optional<Integer> group() {
      return device.nodes().stream()
          .map(GROUP::matcher)
          .filter(matcher -> matcher.matches())
          .map(matcher -> Integer.valueOf(matcher.group(1)))
          .findFirst();
    }
  }

  /// What a guest is started with, in the spec's order, and which NUMA node of the host that is
  /// local to. None for a guest whose spec is not understood.
  ///
  /// @throws IOException if it cannot be told now
  /// @throws RefusedException if the kernel would not give the guest one of them; a new pod has it
  ///     prepared anew
  List<HostDevice> of(VmPod pod) throws IOException, RefusedException {
    var given = startedWith(pod, files.all());
    for (var device : given) {
      var why = whyNot(device);
      if (why.isPresent()) {
        throw new RefusedException(why.get());
      }
    }
    return given.stream().flatMap(this::located).toList();
  }

  private Stream<HostDevice> located(Given given) {
    var node = given.function().flatMap(numaNodes::of).orElse(null);
    return given.inGuest().map(device -> device.near(node));
  }

  /// What would keep the kernel from giving one of those that a guest should have to it, in words.
  Optional<String> whyNot(HostDevice device, Wanted wanted) throws IOException {
    for (var given : wanted.given()) {
      if (given.inGuest().anyMatch(own -> own.id().equals(device.id()))) {
        return whyNot(given);
      }
    }
    return Optional.empty();
  }

  private Optional<String> whyNot(Given given) throws IOException {
    return given.device().nodes().isEmpty() // only a record of another machine's
        ? Optional.empty()
        : viability
            .whyNot(given.device().source())
            .map(words -> "device %s %s".formatted(given.entry(), words));
  }

  private static List<Given> startedWith(VmPod pod, List<Prepared> all) throws IOException {
    if (pod.guest() == null || pod.guest().devices() == null) {
      return List.of();
    }
    var given = new ArrayList<Given>();
    for (var entry : pod.guest().devices()) {
      given(entry.name(), prepared(pod, entry.name(), all)).forEach(given::add);
    }
    return given;
  }

  /// What a guest that runs should have, now.
  ///
  /// @throws IOException if it cannot be told now
  Wanted wanted(VmPod pod) throws IOException {
    var all = files.all();
    var given = new ArrayList<>(startedWith(pod, all));
    var ready = all.stream().filter(Prepared::ready).toList();
    ready.stream()
        .filter(prepared -> isFor(prepared, pod))
        .flatMap(prepared -> given(prepared.recipient().entry(), prepared))
        .forEach(given::add);
    var detached =
        given.stream().filter(device -> pod.detached().contains(device.entry())).toList();
    given.removeAll(detached);
    var reserved =
        ready.stream()
            .flatMap(prepared -> given("", prepared))
            .flatMap(Given::inGuest)
            .map(HostDevice::id)
            .collect(Collectors.toSet());
    detached.stream().flatMap(Given::inGuest).map(HostDevice::id).forEach(reserved::remove);
    return new Wanted(given, reserved);
  }

  /// @param reserved what none may be made to let go of
  record Wanted(List<Given> given, Set<String> reserved) {
    static final Wanted NOTHING = new Wanted(List.of(), Set.of());

    Wanted {
      given = List.copyOf(given);
      reserved = Set.copyOf(reserved);
    }
  }

  private static boolean isFor(Prepared prepared, VmPod pod) {
    return prepared.recipient() != null
        && prepared.recipient().pod().equals(pod.uid().value())
        && prepared.claim().namespace().equals(pod.namespace());
  }

  /// Those of one request by name: the scheduler lists them as it comes upon them, which may be
  /// another way each time, and a guest is to find them where they were.
  private static Stream<Given> given(String entry, Prepared prepared) {
    return prepared.devices().stream()
        .collect(groupingBy(PreparedDevice::request, LinkedHashMap::new, toList()))
        .values()
        .stream()
        .flatMap(devices -> devices.stream().sorted(comparing(PreparedDevice::name)))
        .map(device -> new Given(entry, device));
  }

  /// A claim that was deleted may have left its devices to a new one of the same name, and kubelet
  /// not yet have given back the old one's.
  private static Prepared prepared(VmPod pod, String entry, List<Prepared> all) throws IOException {
    var claim = pod.claims().get(entry);
    if (claim == null) {
      throw new IOException("the pod does not tell yet which ResourceClaim is for device " + entry);
    }
    var found =
        all.stream()
            .filter(prepared -> prepared.claim().namespace().equals(pod.namespace()))
            .filter(prepared -> prepared.claim().name().equals(claim))
            .toList();
    if (found.size() != 1 || !found.getFirst().ready()) {
      throw new IOException(
          found.size() > 1
              ? "an earlier ResourceClaim named %s is still to be given back".formatted(claim)
              : "kubelet has not had ResourceClaim %s prepared yet".formatted(claim));
    }
    return found.getFirst();
  }
}
