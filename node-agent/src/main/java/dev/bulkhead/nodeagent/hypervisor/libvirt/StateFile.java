package dev.bulkhead.nodeagent.hypervisor.libvirt;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;

/// What libvirtd writes down of a running domain, for itself after a restart, whenever its state
/// changes: `<domstatus state='paused' reason='ioerror' pid='4711'>` (virDomainObjFormat in its
/// domain_conf.c). libvirt-java has no words for the reason or the pid.
///
/// @param reason by libvirt's name for it
record StateFile(String reason, int pid) {

  /// Empty before the domain runs and after it.
  static Optional<StateFile> read(Path file) throws IOException {
    try (var stream = Files.newInputStream(file)) {
      var reader = XMLInputFactory.newDefaultFactory().createXMLStreamReader(stream);
      while (!reader.isStartElement()) {
        reader.next();
      }
      return Optional.of(
          new StateFile(
              reader.getAttributeValue(null, "reason"),
              Integer.parseInt(reader.getAttributeValue(null, "pid"))));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    } catch (XMLStreamException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }
}
