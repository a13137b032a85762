package dev.bulkhead.nodeagent.hypervisor.libvirt;

import dev.bulkhead.nodeagent.domain.Domain;
import dev.bulkhead.nodeagent.domain.HostDevice;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain.State;
import dev.bulkhead.nodeagent.hypervisor.Hypervisor;
import dev.bulkhead.nodeagent.hypervisor.HypervisorUnavailableException;
import dev.bulkhead.nodeagent.pod.PodUid;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;
import org.jboss.logging.Logger;
import org.libvirt.Connect;
import org.libvirt.Domain.CreateFlags;
import org.libvirt.DomainInfo.DomainState;
import org.libvirt.LibvirtException;

/// The hypervisor port on libvirt.
public final class LibvirtHypervisor implements Hypervisor, AutoCloseable {
  private static final Logger LOG = Logger.getLogger(LibvirtHypervisor.class);

  /// More than keepalive needs to notice a dead libvirtd (`LibvirtConnection`).
  private static final Duration LIMIT = Duration.ofSeconds(20);

  /// A first start makes libvirt ask QEMU for all it can do, seconds on a busy machine.
  private static final Duration START_LIMIT = Duration.ofSeconds(90);

  /// All of a guest's memory is pinned at its first device, and zeroed first where it has not been
  /// touched yet. Not measured for large guests.
  private static final Duration ATTACH_LIMIT = Duration.ofSeconds(90);

  /// libvirt's own lines are short; what QEMU wrote between them may not be.
  private static final int LOG_TAIL = 64 * 1024;

  /// libvirt-domain.h: VIR_DOMAIN_METADATA_ELEMENT.
  private static final int METADATA_ELEMENT = 2;

  /// libvirt-domain.h: VIR_DOMAIN_AFFECT_LIVE.
  private static final int LIVE = 1;

  private final LibvirtConnection connection;
  private final Path statusFiles;
  private final Path logs;

  /// Connects to nothing before `start`.
  ///
  /// @param statusFiles where libvirtd keeps `<domain>.xml` of running domains
  /// @param logs where it keeps `<domain>.log`
  public LibvirtHypervisor(String uri, Path statusFiles, Path logs) {
    this.statusFiles = statusFiles;
    this.logs = logs;
    this.connection = new LibvirtConnection(uri);
  }

  /// Connects, and stays connected. Both callbacks must return at once.
  ///
  /// @param onChange is told the name of each domain whose state changes
  /// @param onConnected runs after each (re)connection: anything may have changed
  public void start(Consumer<String> onChange, Runnable onConnected) {
    connection.start(onChange, onConnected);
  }

  @Override
  public Optional<GuestDomain> find(String name) {
    return answer("look up " + name, LIMIT, c -> describe(c, name));
  }

  @Override
  public List<GuestDomain> all() {
    return answer(
        "list domains",
        LIMIT,
        c -> {
          var found = new ArrayList<GuestDomain>();
          for (var domain : c.listAllDomains(0)) {
            describe(c, domain.getName()).ifPresent(found::add);
            domain.free();
          }
          return found;
        });
  }

  private Optional<GuestDomain> describe(Connect c, String name) throws LibvirtException {
    org.libvirt.Domain domain;
    try {
      domain = c.domainLookupByName(name);
    } catch (LibvirtException e) {
      if (LibvirtErrors.isNoDomain(e)) {
        return Optional.empty();
      }
      throw e;
    }
    try {
      var pod = podOf(domain.getMetadata(METADATA_ELEMENT, Domain.METADATA_NAMESPACE, 0));
      var state = domain.getInfo().state;
      var status = StateFile.read(statusFiles.resolve(name + ".xml")).orElse(null);
      return Optional.of(
          status == null || state == DomainState.VIR_DOMAIN_SHUTOFF
              ? new GuestDomain(name, pod, State.CHANGING, 0, List.of())
              : new GuestDomain(name, pod, stateOf(state, status), status.pid(), status.devices()));
    } catch (LibvirtException e) {
      if (LibvirtErrors.isNoDomain(e) || LibvirtErrors.isNoMetadata(e)) {
        return Optional.empty();
      }
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      domain.free();
    }
  }

  /// virDomainPausedReason, by the names libvirt gives them.
  private static State stateOf(DomainState state, StateFile status) {
    if (state != DomainState.VIR_DOMAIN_PAUSED) {
      return State.RUNNING;
    }
    return switch (status.reason()) {
      case "ioerror" -> State.OUT_OF_SPACE;
      case "watchdog" -> State.HUNG;
      default -> State.PAUSED;
    };
  }

  private static PodUid podOf(String metadata) {
    try {
      var reader =
          XMLInputFactory.newDefaultFactory().createXMLStreamReader(new StringReader(metadata));
      reader.nextTag();
      return new PodUid(reader.getAttributeValue(null, "uid"));
    } catch (XMLStreamException e) {
      throw new IllegalStateException("libvirt's own XML cannot be read", e);
    }
  }

  @Override
  public Ending lastEnding(String name) {
    try (var log = FileChannel.open(logs.resolve(name + ".log"), StandardOpenOption.READ)) {
      var tail = ByteBuffer.allocate(LOG_TAIL);
      log.read(tail, Math.max(0, log.size() - LOG_TAIL));
      return DomainLog.lastEnding(StandardCharsets.ISO_8859_1.decode(tail.flip()).toString());
    } catch (NoSuchFileException never) {
      return Ending.UNKNOWN;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void handOverLog(String name, Path file) throws IOException {
    try {
      Files.move(logs.resolve(name + ".log"), file, StandardCopyOption.REPLACE_EXISTING);
    } catch (NoSuchFileException done) {
      // It never started, or this was done before.
    }
  }

  @Override
  public Start startPaused(Domain domain) {
    var xml = domain.toXml();
    try {
      return connection.call(
          "start " + domain.name(),
          START_LIMIT,
          c -> {
            c.domainCreateXML(xml, CreateFlags.PAUSED).free();
            return new Start.Started();
          });
    } catch (LibvirtException e) {
      if (LibvirtErrors.isPassing(e)) {
        throw new HypervisorUnavailableException(
            "start " + domain.name() + ": " + e.getMessage(), e);
      }
      return new Start.Refused(e.getMessage());
    }
  }

  @Override
  public void resume(String name) {
    act("resume", name, org.libvirt.Domain::resume);
  }

  @Override
  public void pause(String name) {
    act("pause", name, org.libvirt.Domain::suspend);
  }

  @Override
  public void pressPowerButton(String name) {
    act("shut down", name, org.libvirt.Domain::shutdown);
  }

  @Override
  public Optional<String> attach(String name, HostDevice device) {
    var xml = device.toXml();
    try {
      return connection.call(
          "attach %s to %s".formatted(device.id(), name),
          ATTACH_LIMIT,
          c -> {
            onDomain(c, name, domain -> domain.attachDeviceFlags(xml, LIVE));
            return Optional.empty();
          });
    } catch (LibvirtException e) {
      return Optional.of(e.getMessage());
    }
  }

  /// libvirt waits 5 s for the guest (its qemu_hotplug.c), and answers the same if that was too
  /// short. While QEMU is at it, to ask again is refused.
  @Override
  public void detach(String name, HostDevice device) {
    var xml = device.toXml();
    try {
      connection.call(
          "detach %s from %s".formatted(device.id(), name),
          LIMIT,
          c -> {
            onDomain(c, name, domain -> domain.detachDeviceFlags(xml, LIVE));
            return null;
          });
    } catch (LibvirtException e) {
      LOG.infof("detach %s from %s: %s", device.id(), name, e.getMessage());
    }
  }

  @Override
  public void destroy(String name) {
    act("destroy", name, org.libvirt.Domain::destroy);
  }

  private interface Action {
    void on(org.libvirt.Domain domain) throws LibvirtException;
  }

  private void act(String what, String name, Action action) {
    answer(
        what + " " + name,
        LIMIT,
        c -> {
          try {
            onDomain(c, name, action);
          } catch (LibvirtException e) {
            if (!LibvirtErrors.isNotInThatState(e)) {
              throw e;
            }
            LOG.debugf("%s %s: %s", what, name, e.getMessage());
          }
          return null;
        });
  }

  private static void onDomain(Connect c, String name, Action action) throws LibvirtException {
    var domain = c.domainLookupByName(name);
    try {
      action.on(domain);
    } finally {
      domain.free();
    }
  }

  @Override
  public boolean canRun(Domain probe) {
    destroy(probe.name());
    try {
      return connection.call(
          "probe " + probe.accelerator(),
          START_LIMIT,
          c -> {
            var domain = c.domainCreateXML(probe.toXml(), CreateFlags.NONE);
            try {
              return domain.getInfo().state == DomainState.VIR_DOMAIN_RUNNING;
            } finally {
              domain.destroy();
              domain.free();
            }
          });
    } catch (LibvirtException e) {
      LOG.infof("%s cannot run a guest: %s", probe.accelerator(), e.getMessage());
      return false;
    }
  }

  @Override
  public boolean connected() {
    return connection.connected();
  }

  /// For calls whose every error means that libvirtd is in trouble.
  private <T> T answer(String what, Duration limit, LibvirtConnection.Call<T> call) {
    try {
      return connection.call(what, limit, call);
    } catch (LibvirtException e) {
      throw new HypervisorUnavailableException(what + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    connection.close();
  }
}
