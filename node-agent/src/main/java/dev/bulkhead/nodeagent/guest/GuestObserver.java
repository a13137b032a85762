package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.nodeagent.hypervisor.Hypervisor.Ending;
import dev.bulkhead.nodeagent.pod.PodUid;
import dev.bulkhead.nodeagent.pod.PodWatch;
import java.io.IOException;

/// Reads what is known of a guest. It changes nothing and concludes nothing.
final class GuestObserver {
  private final PodWatch pods;
  private final Ports ports;

  GuestObserver(PodWatch pods, Ports ports) {
    this.pods = pods;
    this.ports = ports;
  }

  /// @param joinedPid what only this run of the agent can know
  GuestFacts observe(PodUid uid, Integer joinedPid) throws IOException {
    var hypervisor = ports.hypervisor();
    var files = ports.files();
    var pod = pods.find(uid);
    var named =
        pod == null
            ? hypervisor.all().stream().filter(domain -> domain.pod().equals(uid)).findFirst()
            : hypervisor.find(pod.domainName());
    var own = named.filter(domain -> domain.pod().equals(uid));
    return new GuestFacts(
        ports.clock().instant(),
        pod,
        pod == null ? null : ports.keepers().find(uid).orElse(null),
        own.orElse(null),
        named.isPresent() && own.isEmpty(),
        files.bootedAt(uid),
        pod == null ? Ending.UNKNOWN : hypervisor.lastEnding(pod.domainName()),
        files.end(uid),
        joinedPid,
        files.exist(uid));
  }
}
