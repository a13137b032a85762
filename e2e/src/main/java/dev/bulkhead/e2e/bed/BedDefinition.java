package dev.bulkhead.e2e.bed;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// What a bed is: a control plane and two workers, their addresses, and what each is given. It
/// decides nothing about when they start; two equal definitions make the same bed.
///
/// @param machines the control plane first
record BedDefinition(List<Machine> machines) {
  static final String CONTROL_PLANE = "cp";

  private static final int CONTROL_PLANE_HOST = 10;
  private static final String TOOLS = "/opt/bed/";

  /// @param kvm whether this machine can run guests on KVM. libvirt probes QEMU for a minute at
  ///     every start where /dev/kvm is there but of no use, so then the workers do not get it
  static BedDefinition of(Layout layout, boolean kvm) {
    var devices = new ArrayList<>(List.of("/dev/kmsg", "/dev/net/tun"));
    if (kvm) devices.add("/dev/kvm");
    return switch (layout.kind()) {
      case CONTAINERS ->
          new BedDefinition(
              List.of(
                  controlPlane(layout),
                  worker(layout, 1, "worker-1", devices),
                  worker(layout, 2, "worker-2", devices)));
      case PASSTHROUGH ->
          new BedDefinition(
              List.of(
                  controlPlane(layout),
                  worker(layout, 1, "worker", devices),
                  virtualWorker(layout, 2, "machine")));
    };
  }

  List<Machine> workers() {
    return machines.subList(1, machines.size());
  }

  private static Machine controlPlane(Layout layout) {
    var address = layout.kind().address(CONTROL_PLANE_HOST);
    return new Machine(
        CONTROL_PLANE,
        false,
        "/bed/control-plane",
        address,
        Map.of("PATH", searchPath(), "ADDRESS", address),
        mounts(layout, "control-plane"),
        List.of("/var/lib/etcd"),
        List.of());
  }

  private static Machine worker(Layout layout, int number, String name, List<String> devices) {
    return new Machine(
        name,
        false,
        "/bed/worker",
        address(layout, number),
        Map.of(
            "PATH", searchPath(),
            "ADDRESS", address(layout, number),
            "POD_CIDR", podCidr(number),
            "PEER_ROUTES", peerRoutes(layout, number)),
        workerMounts(layout, name),
        List.of("/var/lib/containerd", "/var/lib/kubelet", "/var/lib/bulkhead"),
        List.copyOf(devices));
  }

  /// Nothing goes there that could as well run elsewhere.
  private static Machine virtualWorker(Layout layout, int number, String name) {
    return new Machine(
        name,
        true,
        "/bed/machine",
        address(layout, number),
        Map.of(
            "PATH", searchPath(),
            "ADDRESS", address(layout, number),
            "GATEWAY", layout.kind().address(1),
            "POD_CIDR", podCidr(number),
            "PEER_ROUTES", peerRoutes(layout, number),
            "TAINT", "bulkhead.dev/slow=:PreferNoSchedule"),
        workerMounts(layout, name),
        List.of("/var/lib/machine"),
        List.of("/dev/net/tun"));
  }

  private static Map<Path, String> workerMounts(Layout layout, String name) {
    var mounts = mounts(layout, name);
    mounts.put(layout.images(), "/images");
    return mounts;
  }

  private static Map<Path, String> mounts(Layout layout, String certificates) {
    var mounts = new LinkedHashMap<Path, String>();
    mounts.put(layout.machineFiles(), "/bed");
    mounts.put(layout.certificates(certificates), "/pki");
    for (var component : Layout.COMPONENTS) {
      mounts.put(layout.component(component), TOOLS + component);
    }
    return mounts;
  }

  private static String searchPath() {
    var tools = Layout.COMPONENTS.stream().map(component -> TOOLS + component + "/bin");
    return tools.collect(joining(":", "", ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"));
  }

  private static String address(Layout layout, int worker) {
    return layout.kind().address(CONTROL_PLANE_HOST + worker);
  }

  private static String podCidr(int worker) {
    return "10.244." + worker + ".0/24";
  }

  private static String peerRoutes(Layout layout, int worker) {
    return IntStream.rangeClosed(1, 2)
        .filter(peer -> peer != worker)
        .mapToObj(peer -> podCidr(peer) + "=" + address(layout, peer))
        .collect(joining(" "));
  }
}
