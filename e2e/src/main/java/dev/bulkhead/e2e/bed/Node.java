package dev.bulkhead.e2e.bed;

/// A machine of the bed, as root sees it from within. A cluster of one's own has none: it is
/// reached through its API alone.
public final class Node {
  private final Machine machine;
  private final Docker docker;

  Node(Machine machine, Docker docker) {
    this.machine = machine;
    this.docker = docker;
  }

  /// The machine's name, and for a worker that of its Kubernetes node.
  public String name() {
    return machine.name();
  }

  boolean isWorker() {
    return !name().equals(BedDefinition.CONTROL_PLANE);
  }

  /// Whether it is emulated, and slow.
  boolean isVirtual() {
    return machine.virtual();
  }

  /// Runs a command as root in the node's namespaces, however it ends.
  public Output exec(String... command) {
    return docker.exec(machine, command);
  }

  /// Runs a script that must succeed.
  ///
  /// @return its standard output
  public String sh(String script) {
    var output = exec("bash", "-euo", "pipefail", "-c", script);
    if (output.status() != 0) {
      throw new IllegalStateException(
          "on %s, `%s` ended with status %d: %s%s"
              .formatted(name(), script, output.status(), output.out(), output.err()));
    }
    return output.out();
  }

  /// Ends one process at once (SIGKILL). Kubernetes' own components come back after a second.
  public void kill(long pid) {
    sh("kill -9 " + pid);
  }

  /// As when its power fails: nothing in it is told.
  public void crash() {
    docker.crash(machine);
  }

  /// After a crash. Its disks are as they were, its memory is not.
  public void boot() {
    docker.boot(machine);
  }
}
