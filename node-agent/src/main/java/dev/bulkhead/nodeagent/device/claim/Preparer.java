package dev.bulkhead.nodeagent.device.claim;

import dev.bulkhead.nodeagent.device.claim.Allocation.Given;
import dev.bulkhead.nodeagent.device.claim.Prepared.PreparedDevice;
import dev.bulkhead.nodeagent.device.claim.Prepared.Recipient;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import dev.bulkhead.nodeagent.device.offer.Offered;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Optional;
import org.jboss.logging.Logger;

/// Makes ready what claims were given, and takes it back. What is whose is written down before
/// anything is touched, and crossed out after everything is undone: whoever comes after a crash
/// finds there what to go on with.
public final class Preparer {
  private static final Logger LOG = Logger.getLogger(Preparer.class);

  private final Claims claims;
  private final PreparedFiles files;
  private final Binding binding;
  private final Offers offers;
  private final Guests guests;

  /// What the node gives away, as it is now: asked once for each claim.
  @FunctionalInterface
  public interface Offers {
    Offered now() throws IOException;
  }

  /// The guests of this node. A port: some that run are given devices, and let go of them.
  public interface Guests {
    /// Tells a guest that a claim made for it is ready. Returns at once.
    void give(Recipient recipient);

    /// Asks the guest that has it to let go of it, if it runs.
    ///
    /// @return its name; empty where none has it
    /// @throws IOException if that cannot be known now, in words that go on after the device's name
    Optional<String> askBack(PreparedDevice device) throws IOException;
  }

  /// A guest has it still, and was asked to let go of it.
  static final class InGuestException extends IOException {
    private static final long serialVersionUID = 1;

    InGuestException(String message) {
      super(message);
    }
  }

  /// @param offers of this node
  public Preparer(
      Claims claims, PreparedFiles files, Binding binding, Offers offers, Guests guests) {
    this.claims = claims;
    this.files = files;
    this.binding = binding;
    this.offers = offers;
    this.guests = guests;
  }

  /// Does again what is done already, and goes on with what was begun.
  ///
  /// @throws IOException with what is in the way, for the pod's events
  public synchronized Prepared prepare(ClaimRef claim) throws IOException {
    var before = files.find(claim.uid());
    if (before.isPresent() && before.get().ready()) {
      tell(before.get());
      return before.get();
    }
    var allocation = claims.allocation(claim);
    var offered = offers.now();
    var devices = new ArrayList<PreparedDevice>();
    for (var given : allocation.devices()) {
      devices.add(intended(given, source(claim, given, offered), before));
    }
    var intended = Prepared.intended(allocation, devices);
    files.write(intended);
    for (int i = 0; i < devices.size(); i++) {
      devices.set(i, taken(devices.get(i), allocation.devices().get(i)));
    }
    var prepared = intended.made(devices);
    files.write(prepared);
    LOG.infof("%s: %s", claim, devices);
    tell(prepared);
    return prepared;
  }

  /// What is to be put back is as it was when the claim was begun: whoever was interrupted since
  /// may have changed it.
  private PreparedDevice intended(Given given, Source source, Optional<Prepared> begun)
      throws IOException {
    var begunWith =
        begun.stream()
            .flatMap(prepared -> prepared.devices().stream())
            .filter(device -> device.name().equals(given.device()))
            .findFirst();
    var now = with(given.device(), () -> binding.look(source, given.settings()));
    return Prepared.intended(given, source, begunWith.map(PreparedDevice::before).orElse(now));
  }

  private PreparedDevice taken(PreparedDevice device, Given given) throws IOException {
    var taken = with(device.name(), () -> binding.take(device.source(), given.settings()));
    return device.taken(taken.nodes());
  }

  /// Something that is done with a device, and may fail in words that go on after its name.
  @FunctionalInterface
  private interface Step<T> {
    T run() throws IOException;
  }

  private static <T> T with(String device, Step<T> step) throws IOException {
    try {
      return step.run();
    } catch (IOException e) {
      throw new IOException("device %s %s".formatted(device, e.getMessage()), e);
    }
  }

  private void tell(Prepared prepared) {
    if (prepared.recipient() != null) {
      guests.give(prepared.recipient());
    }
  }

  private Source source(ClaimRef claim, Given given, Offered offered) throws IOException {
    var owner = files.ownerOf(given.device());
    if (owner.isPresent() && !owner.get().equals(claim)) {
      throw new IOException("device %s is still with %s".formatted(given.device(), owner.get()));
    }
    var source =
        offered.offers().stream()
            .filter(offer -> offer.name().equals(given.device()))
            .findFirst()
            .orElseThrow(
                () ->
                    new IOException(
                        "device %s is not on this node any more, or the node keeps it now"
                            .formatted(given.device())))
            .source();
    // libvirt 9: "booting from assigned devices is not supported by mediated devices".
    if (source instanceof Source.Mediated && given.settings().guest().bootOrder() != null) {
      throw new IOException(
          "device %s is a mediated one, which no guest boots from: take bootOrder out of its parameters"
              .formatted(given.device()));
    }
    if (!(source instanceof Source.Group) && given.settings().bar() != null) {
      throw new IOException(
          "device %s is no whole PCI device, and only those have BARs to size: take resizableBar out of its parameters"
              .formatted(given.device()));
    }
    return source;
  }

  /// Does nothing where nothing is left of it. What a guest still has is not touched: the kernel
  /// would wait for the guest, and all others for the kernel.
  ///
  /// @throws InGuestException if it must be asked for again
  public synchronized void unprepare(String claimUid) throws IOException {
    var prepared = files.find(claimUid);
    if (prepared.isEmpty()) {
      return;
    }
    if (prepared.get().ready()) {
      files.write(prepared.get().askedBack());
    }
    for (var device : prepared.get().devices()) {
      var guest = with(device.name(), () -> guests.askBack(device));
      if (guest.isPresent()) {
        throw new InGuestException(
            "device %s is still in guest %s, which has been asked to let go of it"
                .formatted(device.name(), guest.get()));
      }
    }
    for (var device : prepared.get().devices()) {
      with(
          device.name(),
          () -> {
            binding.giveBack(device.source(), device.before());
            return null;
          });
    }
    files.delete(claimUid);
    LOG.infof("%s: given back", prepared.get().claim());
  }
}
