package dev.bulkhead.nodeagent.domain;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.xml.sax.InputSource;

/// libvirt's own opinion of a domain.
final class LibvirtSchema {
  private static final String SCHEMA = "/usr/share/libvirt/schemas/domain.rng";

  private LibvirtSchema() {}

  static void validate(String xml) {
    validate(List.of(xml));
  }

  /// Each of them. libvirt's virt-xml-validate runs the same command, on one domain.
  static void validate(List<String> domains) {
    try {
      var folder = Files.createTempDirectory("domains");
      try {
        validate(domains, folder);
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static void validate(List<String> domains, Path folder)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("xmllint", "--noout", "--relaxng", SCHEMA));
    for (int i = 0; i < domains.size(); i++) {
      command.add(Files.writeString(folder.resolve(i + ".xml"), domains.get(i)).toString());
    }
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var words = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      var trouble = words.lines().filter(line -> !line.endsWith(" validates")).limit(20).toList();
      var first = trouble.getFirst().replaceFirst(".*/(\\d+)\\.xml.*", "$1");
      throw new AssertionError(
          String.join("\n", trouble)
              + (first.matches("\\d+") ? "\n" + domains.get(Integer.parseInt(first)) : ""));
    }
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.newDirectoryStream(folder)) {
      for (var file : files) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
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
