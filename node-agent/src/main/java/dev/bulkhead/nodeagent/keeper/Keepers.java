package dev.bulkhead.nodeagent.keeper;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.nodeagent.linux.Linux;
import dev.bulkhead.nodeagent.pod.PodUid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/// Finds keepers among the node's processes, by the pod's cgroup, and acts on them. It asks neither
/// kubelet nor the container runtime, and never decides how a guest ended.
public final class Keepers {
  private static final Logger LOG = Logger.getLogger(Keepers.class);

  private final Path proc;
  private final Cgroups cgroups;

  public Keepers(Path proc, Path cgroupRoot) {
    this.proc = proc;
    this.cgroups = new Cgroups(cgroupRoot);
  }

  /// Empty while the container does not run, and only then: whatever else ends or goes away while
  /// this looks makes no difference, for a guest without keeper is ended.
  public Optional<Keeper> find(PodUid pod) throws IOException {
    for (var container : cgroups.containersOf(pod)) {
      for (int pid : cgroups.processes(container)) {
        if (isKeeper(pid)) {
          var root = proc.resolve(Integer.toString(pid)).resolve("root");
          return Optional.of(new Keeper(pod, pid, root, cgroups.directories(container)));
        }
      }
    }
    return Optional.empty();
  }

  public boolean alive(Keeper keeper) throws IOException {
    return isKeeper(keeper.pid());
  }

  private boolean isKeeper(int pid) throws IOException {
    var comm = proc.resolve(Integer.toString(pid)).resolve("comm");
    try {
      return Files.readString(comm).strip().equals(Contract.KEEPER_CONTAINER);
    } catch (NoSuchFileException ended) {
      return false;
    } catch (IOException e) {
      if (Files.exists(comm)) {
        throw e;
      }
      return false; // ended between open and read (ESRCH)
    }
  }

  /// Moves a process, with all its threads, into the keeper's cgroup, and so into the pod's limits.
  public void adopt(Keeper keeper, int pid) throws IOException {
    cgroups.move(pid, keeper.cgroups());
  }

  /// Runs something while a process is out of the keeper's cgroup and still in the pod's: a
  /// container may open only the devices that it was started with.
  public <T> T besides(Keeper keeper, int pid, Supplier<T> action) throws IOException {
    var besides = cgroups.besides(keeper.cgroups());
    cgroups.move(pid, besides);
    try {
      return action.get();
    } finally {
      cgroups.move(pid, keeper.cgroups());
      cgroups.remove(besides);
    }
  }

  /// Whether the kernel has killed a process of the keeper's cgroup because memory ran out.
  public boolean ranOutOfMemory(Keeper keeper) throws IOException {
    return Cgroups.ranOutOfMemory(keeper.cgroups());
  }

  /// Ends the keeper, and with it the pod. The message becomes the container's termination message.
  /// Nothing happens when it is gone.
  public void end(Keeper keeper, Exit exit, String message) throws IOException {
    try {
      Files.writeString(
          keeper.root().resolve("dev/termination-log"),
          message,
          StandardOpenOption.WRITE,
          StandardOpenOption.TRUNCATE_EXISTING);
      Linux.kill(keeper.pid(), exit.signal());
    } catch (NoSuchFileException gone) {
      LOG.debugf("pod %s: its keeper has ended: %s", keeper.pod(), gone.getMessage());
    }
  }
}
