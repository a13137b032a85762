package dev.bulkhead.nodeagent;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.util.Optional;

/// What the agent's surroundings look like. The defaults are those of its pod (the chart's node
/// agent), all paths as the agent's container sees them.
@ConfigMapping(prefix = "bulkhead")
interface AgentConfig {
  enum Emulation {
    /// TCG where KVM cannot run guests.
    AUTO,
    /// Rather no guest than a slow one.
    NEVER
  }

  String nodeName();

  /// The agent's own pod; empty where it runs in none.
  Optional<String> podName();

  Optional<String> podNamespace();

  @WithDefault("auto")
  Emulation emulation();

  /// Shared with libvirtd's container at this very path.
  @WithDefault("/run/bulkhead/guests")
  Path guests();

  /// The node's: the agent's pod has hostPID.
  @WithDefault("/proc")
  Path proc();

  /// The node's root directory.
  @WithDefault("/proc/1/root")
  Path node();

  @WithDefault("/host/cgroup")
  Path cgroups();

  Devices devices();

  /// How the node's hardware is given away.
  interface Devices {
    /// The chart's `devices`, as JSON.
    @WithDefault("{}")
    String giving();

    /// `sys` and `proc` of another machine, in a folder; empty: the node's own. For tests.
    Optional<Path> recorded();

    @WithDefault("/usr/share/misc/pci.ids")
    Path pciIds();

    @WithDefault("/run/cdi")
    Path cdi();

    @WithDefault("/kubelet/plugins_registry")
    Path registry();

    @WithDefault("/kubelet/plugin")
    Path plugin();

    /// The same folder as `plugin`, as kubelet sees it.
    @WithDefault("/var/lib/kubelet/plugins/bulkhead.dev")
    Path pluginForKubelet();
  }

  /// The socket is named because libvirt looks below /var/run, which an image may not have.
  @WithDefault("qemu:///system?socket=/run/libvirt/libvirt-sock")
  String libvirtUri();

  @WithDefault("/run/libvirt/libvirtd.pid")
  Path libvirtPid();

  /// Where libvirtd keeps `<domain>.xml` of running domains.
  @WithDefault("/run/libvirt/qemu")
  Path libvirtStatuses();

  /// Where libvirtd keeps `<domain>.log`.
  @WithDefault("/var/log/libvirt/qemu")
  Path libvirtLogs();
}
