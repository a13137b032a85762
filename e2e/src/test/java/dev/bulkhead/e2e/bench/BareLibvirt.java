package dev.bulkhead.e2e.bench;

import dev.bulkhead.e2e.Host;
import dev.bulkhead.e2e.Lab;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/// A node's libvirtd as `virsh` on this machine reaches it, with no Kubernetes and no node agent
/// between: what a guest costs by itself. Its guests get their address from a busybox `udhcpd` on a
/// tap that is made beforehand, so `virsh create` has even less to do than the agent.
///
/// Needs root and a Docker daemon of this machine, as the bed does.
final class BareLibvirt implements AutoCloseable {
  /// Reserved for benchmarks (RFC 2544).
  static final String GUEST_ADDRESS = "198.18.0.2";

  static final String GATEWAY = "198.18.0.1";

  /// On the disk that the volumes of pods are on, too; as libvirtd sees it, and as the node does.
  private static final String FOLDER = "/var/lib/libvirt/bench";

  private static final String FOLDER_ON_NODE = "/var/lib/bulkhead/libvirt/bench";
  private static final String TAP = "bench0";
  private static final String DOMAIN = "bench.bare";

  private final Host host;
  private final Path root;
  private final long libvirtd;
  private final String template;

  /// @param vm a running VM of that node; the guests made here have its domain's XML
  BareLibvirt(Host host, Lab lab, String vm) {
    this.host = host;
    var pid =
        LocalProcess.run("docker", "inspect", "-f", "{{.State.Pid}}", "bulkhead-" + host.name());
    root = Path.of("/proc", pid, "root");
    libvirtd = host.libvirtdPid();
    clear();
    template = template(lab, vm);
    makeNetwork();
  }

  /// The command that talks to the node's libvirtd.
  List<String> virsh(String... args) {
    var socket = root.resolve("run/bulkhead/libvirt/libvirt-sock");
    var command =
        new ArrayList<>(List.of("virsh", "-q", "-c", "qemu+unix:///system?socket=" + socket));
    command.addAll(Arrays.asList(args));
    return command;
  }

  /// Starts the guest: `virsh create`, and nothing else.
  ///
  /// @param options of `virsh create`
  void create(String xml, String... options) {
    var file = write("domain.xml", xml);
    var args = new ArrayList<>(List.of("create", file.toString()));
    args.addAll(Arrays.asList(options));
    run(args.toArray(String[]::new));
  }

  void destroy() {
    run("destroy", DOMAIN);
  }

  /// That of the VM, but for its name, its folder and its tap.
  String xml() {
    return template;
  }

  String domain() {
    return DOMAIN;
  }

  long qemuPid() {
    var pids = host.pids("guest=" + DOMAIN + ",", "qemu-system-");
    if (pids.size() != 1) {
      throw new IllegalStateException("expected one QEMU of " + DOMAIN + ", found " + pids);
    }
    return pids.getFirst();
  }

  /// The baseline is none unless it is the same QEMU.
  void assertSameQemu(long qemu) {
    var ours = argumentsThatCount(host, qemu);
    var theirs = argumentsThatCount(host, qemuPid());
    if (!ours.equals(theirs)) {
      throw new AssertionError("QEMU's arguments differ:\n" + ours + "\nbare:\n" + theirs);
    }
  }

  /// The arguments of QEMU, without what must differ: names, ids, folders, keys, descriptors.
  private static String argumentsThatCount(Host host, long qemu) {
    return host.sh("tr '\\0' '\\n' </proc/" + qemu + "/cmdline")
        .replaceAll("guest=[^,]*", "guest=")
        .replaceAll("/var/lib/libvirt/qemu/domain-[^/]*", "/domain")
        .replaceAll("(/run/bulkhead/guests/[^/,\\s]*|" + FOLDER + ")", "/guest")
        .replaceAll("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "uuid")
        .replaceAll("\"?fds?\"?[=:]\"?[0-9:]+\"?", "fd=");
  }

  /// The prefix of a command that runs in the network namespace of that guest's tap.
  List<String> inNetwork() {
    return List.of("nsenter", "-t", Long.toString(libvirtd), "-n");
  }

  /// Moves the running guest's tap to the node itself, which routes between it and all pods. The
  /// guest notices nothing.
  void joinNode() {
    var mac = template.replaceFirst("(?s).*<mac address='([^']*)'.*", "$1");
    host.sh(
        """
        nsenter -t %1$d -n ip link set %2$s netns 1
        ip address add %3$s/24 dev %2$s
        ip link set %2$s up
        ip neighbour replace %4$s lladdr %5$s dev %2$s nud permanent
        """
            .formatted(libvirtd, TAP, GATEWAY, GUEST_ADDRESS, mac));
  }

  String run(String... args) {
    return LocalProcess.run(virsh(args).toArray(String[]::new));
  }

  private String template(Lab lab, String vm) {
    var pod = lab.client().pods().inNamespace(lab.namespace()).withName(vm).get();
    var guest = "/run/bulkhead/guests/" + pod.getMetadata().getUid();
    host.sh(
        """
        mkdir -p %2$s/volumes %2$s/sockets && cd /proc/%3$d/root%1$s/volumes
        cp -a --sparse=always . %2$s/volumes/ && chmod -R a+rwX %2$s
        """
            .formatted(guest, FOLDER_ON_NODE, libvirtd));
    return run("dumpxml", "--inactive", lab.namespace() + "." + vm)
        .replace(guest, FOLDER)
        .replaceAll("(?s)<metadata>.*?</metadata>", "")
        .replaceFirst("<name>[^<]*", "<name>" + DOMAIN)
        .replaceFirst("<uuid>[^<]*", "<uuid>" + UUID.randomUUID())
        .replaceFirst(
            "(<interface (?s:.*?)<target dev=)'[^']*'/>", "$1'" + TAP + "' managed='no'/>");
  }

  private void makeNetwork() {
    var mac = template.replaceFirst("(?s).*<mac address='([^']*)'.*", "$1");
    try {
      Files.copy(
          Path.of("/bin/busybox"),
          inNode("busybox"),
          StandardCopyOption.REPLACE_EXISTING,
          StandardCopyOption.COPY_ATTRIBUTES);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    write(
        "udhcpd.conf",
        """
        interface %1$s
        start %2$s
        end %2$s
        max_leases 1
        static_lease %3$s %2$s
        lease_file %4$s/leases
        pidfile %4$s/udhcpd.pid
        option subnet 255.255.255.0
        option router %5$s
        option dns %5$s
        option lease 86400
        """
            .formatted(TAP, GUEST_ADDRESS, mac, FOLDER_ON_NODE, GATEWAY));
    host.sh(
        """
        : >%1$s/leases
        nsenter -t %2$d -n bash -euc '
          ip tuntap add dev %3$s mode tap
          ip address add %4$s/24 dev %3$s
          ip link set %3$s up
          ip neighbour replace %5$s lladdr %6$s dev %3$s nud permanent
          %1$s/busybox udhcpd %1$s/udhcpd.conf </dev/null >/dev/null 2>&1'
        """
            .formatted(FOLDER_ON_NODE, libvirtd, TAP, GATEWAY, GUEST_ADDRESS, mac));
  }

  private Path inNode(String name) {
    return root.resolve(FOLDER_ON_NODE.substring(1)).resolve(name);
  }

  private Path write(String name, String text) {
    try {
      return Files.writeString(inNode(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// All that an earlier run may have left, too.
  private void clear() {
    if (run("list", "--all", "--name").lines().anyMatch(DOMAIN::equals)) {
      destroy();
    }
    host.sh(
        """
        if [ -e %1$s/udhcpd.pid ]; then kill $(cat %1$s/udhcpd.pid) || true; fi
        nsenter -t %2$d -n ip link delete %3$s 2>/dev/null || true
        ip link delete %3$s 2>/dev/null || true
        rm -rf %1$s
        """
            .formatted(FOLDER_ON_NODE, libvirtd, TAP));
  }

  @Override
  public void close() {
    clear();
  }
}
