package dev.bulkhead.nodeagent.domain;

import java.io.StringWriter;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/// The only place where text becomes XML. Whatever a user wrote ends up as text, never as markup.
final class XmlSerializer {
  private static final XMLOutputFactory FACTORY = XMLOutputFactory.newDefaultFactory();

  private XmlSerializer() {}

  /// Throws `UnencodableTextException` for text that XML 1.0 has no way to carry.
  static String serialize(Element root) {
    var out = new StringWriter();
    try {
      var writer = FACTORY.createXMLStreamWriter(out);
      write(root, writer);
      writer.close();
    } catch (XMLStreamException e) {
      throw new IllegalStateException("writing XML to memory failed", e);
    }
    return out.toString();
  }

  private static void write(Element element, XMLStreamWriter writer) throws XMLStreamException {
    writer.writeStartElement(element.name());
    if (element.namespace() != null) {
      writer.writeDefaultNamespace(element.namespace());
    }
    for (var attribute : element.attributes().entrySet()) {
      writer.writeAttribute(
          attribute.getKey(), encodable(element.name(), singleLine(attribute.getValue())));
    }
    if (element.text() != null) {
      writer.writeCharacters(encodable(element.name(), element.text()));
    }
    for (var child : element.children()) {
      write(child, writer);
    }
    writer.writeEndElement();
  }

  /// Parsers turn line breaks and tabs in attributes into spaces (XML 1.0, 3.3.3), so a value that
  /// has them would silently become another.
  private static String singleLine(String value) {
    if (value.chars().anyMatch(c -> c == '\n' || c == '\r' || c == '\t')) {
      throw new UnencodableTextException("a line break or tab", value);
    }
    return value;
  }

  private static String encodable(String element, String value) {
    value
        .codePoints()
        .filter(c -> !isXmlCharacter(c))
        .findFirst()
        .ifPresent(
            c -> {
              throw new UnencodableTextException(
                  "character U+%04X (in %s)".formatted(c, element), value);
            });
    return value;
  }

  /// XML 1.0, production 2 (Char), less the carriage return, which parsers turn into a line feed.
  private static boolean isXmlCharacter(int c) {
    return c == '\t'
        || c == '\n'
        || (c >= 0x20 && c <= 0xD7FF)
        || (c >= 0xE000 && c <= 0xFFFD)
        || (c >= 0x10000 && c <= 0x10FFFF);
  }
}
