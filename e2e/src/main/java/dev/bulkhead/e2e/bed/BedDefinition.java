package dev.bulkhead.e2e.bed;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// What the bed is: a control plane and two workers, their addresses, and what each is given. It
/// decides nothing about when they start; two equal definitions make the same bed.
///
/// @param machines the control plane first
record BedDefinition(List<Machine> machines) {
  static final String SUBNET = "172.30.0.0/24";
  static final String CONTROL_PLANE_ADDRESS = "172.30.0.10";
  static final String CONTROL_PLANE = "cp";
  static final List<String> WORKERS = List.of("worker-1", "worker-2");

  private static final String TOOLS = "/opt/bed/";

  /// @param kvm whether this machine can run guests on KVM. libvirt probes QEMU for a minute at
  ///     every start where /dev/kvm is there but of no use, so then the workers do not get it
  static BedDefinition of(Layout layout, boolean kvm) {
    var machines = new ArrayList<Machine>();
    machines.add(controlPlane(layout));
    IntStream.rangeClosed(1, WORKERS.size())
        .mapToObj(number -> worker(layout, number, kvm))
        .forEach(machines::add);
    return new BedDefinition(List.copyOf(machines));
  }

  List<Machine> workers() {
    return machines.subList(1, machines.size());
  }

  private static Machine controlPlane(Layout layout) {
    return new Machine(
        CONTROL_PLANE,
        "/bed/control-plane",
        CONTROL_PLANE_ADDRESS,
        Map.of("PATH", searchPath(), "ADDRESS", CONTROL_PLANE_ADDRESS),
        mounts(layout, "control-plane"),
        List.of("/var/lib/etcd"),
        List.of());
  }

  private static Machine worker(Layout layout, int number, boolean kvm) {
    var name = WORKERS.get(number - 1);
    var mounts = mounts(layout, name);
    mounts.put(layout.images(), "/images");
    var devices = new ArrayList<>(List.of("/dev/kmsg", "/dev/net/tun"));
    if (kvm) devices.add("/dev/kvm");
    return new Machine(
        name,
        "/bed/worker",
        address(number),
        Map.of(
            "PATH", searchPath(),
            "ADDRESS", address(number),
            "POD_CIDR", podCidr(number),
            "PEER_ROUTES", peerRoutes(number)),
        mounts,
        List.of("/var/lib/containerd", "/var/lib/kubelet", "/var/lib/bulkhead"),
        List.copyOf(devices));
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

  private static String address(int worker) {
    return "172.30.0.1" + worker;
  }

  private static String podCidr(int worker) {
    return "10.244." + worker + ".0/24";
  }

  private static String peerRoutes(int worker) {
    return IntStream.rangeClosed(1, WORKERS.size())
        .filter(peer -> peer != worker)
        .mapToObj(peer -> podCidr(peer) + "=" + address(peer))
        .collect(joining(" "));
  }
}
