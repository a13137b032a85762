package dev.bulkhead.nodeagent.hypervisor;

import dev.bulkhead.nodeagent.domain.Domain;
import dev.bulkhead.nodeagent.domain.HostDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The port to what runs the guests of this node. It holds no wish of its own: what should run is
/// the pods' to say. Every call may throw `HypervisorUnavailableException`, after a limited time,
/// and then says nothing about any guest.
public interface Hypervisor {

  /// Empty when no domain of that name exists; also when one does that is not ours.
  Optional<GuestDomain> find(String name);

  /// All domains that are ours.
  List<GuestDomain> all();

  /// How the last domain of that name ended.
  Ending lastEnding(String name);

  /// Moves what QEMU and libvirt logged of that ended domain to a file of the guest's own, which
  /// goes away with it. After this its ending is unknown.
  void handOverLog(String name, Path file) throws IOException;

  /// Creates the domain with its vCPUs halted. It vanishes when it ends.
  Start startPaused(Domain domain);

  /// What follows acts on a domain of that name and does nothing when it has just ended.
  void resume(String name);

  void pause(String name);

  /// Presses the guest's power button; what the guest does then is the guest's to decide.
  void pressPowerButton(String name);

  /// Gives a running or halted guest a device. Again for one that has it already is refused.
  ///
  /// @return why it was refused, in the hypervisor's own words; empty if the guest has it now
  Optional<String> attach(String name, HostDevice device);

  /// Asks a guest to let go of a device. It may take its time, and need not; see what devices the
  /// domain has.
  void detach(String name, HostDevice device);

  /// Takes the power away at once.
  void destroy(String name);

  /// Tries it with a guest that does nothing. False for a domain that its accelerator cannot run.
  boolean canRun(Domain probe);

  boolean connected();

  /// The end of a guest as the hypervisor saw it.
  enum Ending {
    /// The guest powered itself off.
    POWERED_OFF,
    /// Its power was taken away, by `destroy` or somebody's hand.
    DESTROYED,
    /// Its QEMU died, or its kernel panicked.
    CRASHED,
    UNKNOWN
  }

  /// How a start went.
  sealed interface Start {
    record Started() implements Start {}

    /// It will not start as it is; the message is the hypervisor's own.
    record Refused(String message) implements Start {}
  }
}
