package dev.bulkhead.e2e;

import java.util.List;

/// A program that guests depend on while they start and stop, but not while they run.
enum Component {
  NODE_AGENT,
  LIBVIRTD,
  OPERATOR,
  KUBELET,
  CONTAINERD,
  API_SERVER,
  ETCD;

  /// One process of it, on its machine.
  record Target(Component component, Host host, long pid) {
    void kill() {
      host.kill(pid);
    }

    void freeze() {
      host.sh("kill -STOP " + pid);
    }

    /// Nothing to do if somebody lost patience meanwhile and killed it.
    void thaw() {
      host.sh("kill -CONT " + pid + " 2>/dev/null || true");
    }

    boolean runs() {
      return host.runs(pid);
    }

    @Override
    public String toString() {
      return component + " (pid " + pid + " on " + host.name() + ")";
    }
  }

  /// The one that guests of that node depend on; of several operators the one that leads.
  Target find(Lab lab, Hosts hosts, String node) {
    return switch (this) {
      case NODE_AGENT -> target(hosts.on(node), hosts.on(node).agentPids());
      case LIBVIRTD -> target(hosts.on(node), hosts.on(node).libvirtdPids());
      case KUBELET -> target(hosts.on(node), hosts.on(node).pids("/kubelet.yaml", "kubelet"));
      case CONTAINERD ->
          target(hosts.on(node), hosts.on(node).pids("/containerd.toml", "containerd"));
      case OPERATOR -> {
        var leader = Deployment.leader(lab.client());
        var host = hosts.on(leader.getSpec().getNodeName());
        yield target(host, host.operatorPids(leader.getMetadata().getName()));
      }
      case API_SERVER ->
          target(hosts.controlPlane(), hosts.controlPlane().pids("", "kube-apiserver"));
      case ETCD -> target(hosts.controlPlane(), hosts.controlPlane().pids("--data-dir", "etcd"));
    };
  }

  /// Its container in Bulkhead's own pods; null for a part of Kubernetes.
  String container() {
    return switch (this) {
      case NODE_AGENT -> "agent";
      case LIBVIRTD -> "libvirtd";
      case OPERATOR -> "operator";
      case KUBELET, CONTAINERD, API_SERVER, ETCD -> null;
    };
  }

  private Target target(Host host, List<Long> pids) {
    return new Target(this, host, host.one(name(), pids));
  }
}
