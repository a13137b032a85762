package dev.bulkhead.nodeagent.hypervisor.libvirt;

import dev.bulkhead.nodeagent.device.claim.DeviceSettings;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import dev.bulkhead.nodeagent.domain.HostDevice;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/// What libvirtd writes down of a running domain, for itself after a restart, whenever its state or
/// its devices change: `<domstatus state='paused' reason='ioerror' pid='4711'>` with the domain in
/// it (virDomainObjFormat in its domain_conf.c). libvirt-java has no words for the reason or the
/// pid.
///
/// @param reason by libvirt's name for it
/// @param devices of the node that the domain has now, without their settings
record StateFile(String reason, int pid, List<HostDevice> devices) {
  private static final String DEVICE = "hostdev";

  /// Empty before the domain runs and after it.
  static Optional<StateFile> read(Path file) throws IOException {
    try {
      return Optional.of(parse(Files.readString(file)));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    } catch (XMLStreamException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  private static StateFile parse(String xml) throws XMLStreamException {
    var reader = XMLInputFactory.newDefaultFactory().createXMLStreamReader(new StringReader(xml));
    reader.nextTag();
    var reason = reader.getAttributeValue(null, "reason");
    var pid = Integer.parseInt(reader.getAttributeValue(null, "pid"));
    // Most have none, and their files are long.
    return new StateFile(
        reason, pid, xml.contains("<" + DEVICE + " ") ? devices(reader) : List.of());
  }

  private static List<HostDevice> devices(XMLStreamReader reader) throws XMLStreamException {
    var devices = new ArrayList<HostDevice>();
    while (reader.hasNext()) {
      if (reader.next() == XMLStreamReader.START_ELEMENT && reader.getLocalName().equals(DEVICE)) {
        devices.add(device(reader, reader.getAttributeValue(null, "type")));
      }
    }
    return List.copyOf(devices);
  }

  /// Its source comes before its own address in the guest.
  private static HostDevice device(XMLStreamReader reader, String type) throws XMLStreamException {
    while (reader.next() != XMLStreamReader.START_ELEMENT
        || !reader.getLocalName().equals("address")) {
      // the driver, and the source around the address
    }
    return switch (type) {
      case "pci" ->
          new HostDevice.Function(
              new PciAddress(
                  number(reader, "domain"),
                  number(reader, "bus"),
                  number(reader, "slot"),
                  number(reader, "function")),
              0,
              DeviceSettings.Guest.NONE);
      case "mdev" ->
          new HostDevice.Mediated(
              reader.getAttributeValue(null, "uuid"), DeviceSettings.Guest.NONE);
      case "usb" ->
          new HostDevice.Usb(
              number(reader, "bus"), number(reader, "device"), DeviceSettings.Guest.NONE);
      default -> throw new XMLStreamException("no device of ours: " + type);
    };
  }

  private static int number(XMLStreamReader reader, String attribute) {
    return Integer.decode(reader.getAttributeValue(null, attribute));
  }
}
