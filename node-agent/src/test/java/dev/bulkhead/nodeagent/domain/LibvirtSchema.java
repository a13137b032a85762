package dev.bulkhead.nodeagent.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.xml.sax.InputSource;

/// libvirt's own opinion of a domain.
final class LibvirtSchema {
  private LibvirtSchema() {}

  static void validate(String xml) {
    try {
      var file = Files.createTempFile("domain", ".xml");
      try {
        Files.writeString(file, xml);
        var process =
            new ProcessBuilder("virt-xml-validate", file.toString(), "domain")
                .redirectErrorStream(true)
                .start();
        var words = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s%n%s", words, xml).isZero();
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  static String text(String xml, String path) {
    try {
      return XPathFactory.newDefaultInstance()
          .newXPath()
          .evaluate(path, new InputSource(new StringReader(xml)));
    } catch (XPathExpressionException e) {
      throw new IllegalArgumentException(path, e);
    }
  }
}
