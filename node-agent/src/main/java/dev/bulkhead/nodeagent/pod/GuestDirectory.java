package dev.bulkhead.nodeagent.pod;

import java.nio.file.Path;

/// What the node keeps of one guest outside its pod, at a path that agent and libvirtd share. It is
/// gone when the guest is.
public record GuestDirectory(Path path) {

  public static GuestDirectory of(Path guests, PodUid pod) {
    return new GuestDirectory(guests.resolve(pod.value()));
  }

  /// Written just before the vCPUs first run; its content is that time. With it and without a
  /// domain, the guest ran and ended.
  public Path booted() {
    return path.resolve("booted");
  }

  /// Written just before the keeper is told to end; its content is how the guest did.
  public Path end() {
    return path.resolve("end");
  }

  public Path consoleLog() {
    return path.resolve("console.log");
  }

  /// What QEMU and libvirt logged of the guest, after its end.
  public Path qemuLog() {
    return path.resolve("qemu.log");
  }

  /// The one directory in which QEMU's user may write.
  public Path sockets() {
    return path.resolve("sockets");
  }

  public Path serialSocket() {
    return sockets().resolve("serial");
  }

  public Path agentSocket() {
    return sockets().resolve("agent");
  }

  public Path displaySocket() {
    return sockets().resolve("vnc");
  }

  /// Mount points for the pod's volumes, used in libvirtd's mount namespace only.
  public Volumes volumes() {
    return new Volumes(path.resolve("volumes"));
  }
}
