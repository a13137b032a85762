package dev.bulkhead.e2e;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/// The images of another release, on every node: the installed ones with a layer more, under a tag
/// of their own. Only what is new is brought to a node (OCI image layout), for the rest is there.
record NextRelease(Hosts hosts, String tag) {
  private static final List<String> IMAGES =
      List.of("operator", "node-agent", "libvirtd", "keeper");
  private static final String INSTALLED = "0.1.0";
  private static final ObjectMapper JSON = new ObjectMapper();

  static NextRelease make(Hosts hosts, String tag) {
    hosts
        .workers()
        .parallel()
        .forEach(
            host ->
                IMAGES.forEach(image -> derive(host, image(image, INSTALLED), image(image, tag))));
    return new NextRelease(hosts, tag);
  }

  static String image(String name, String tag) {
    return "localhost/bulkhead/" + name + ":" + tag;
  }

  void remove() {
    hosts.workers().forEach(host -> IMAGES.forEach(image -> host.removeImage(image(image, tag))));
  }

  private static void derive(Host host, String from, String to) {
    var manifest = content(host, digestOf(host, from));
    var config = content(host, manifest.at("/config/digest").asText());
    var layer = tar(Map.of("release", utf8(to)));
    ((ArrayNode) config.at("/rootfs/diff_ids")).add(digest(layer));
    ((ArrayNode) config.path("history")).addObject().put("created_by", "a release after");
    var changed = bytes(config);
    var layers = (ArrayNode) manifest.path("layers");
    layers.add(described(layer).put("mediaType", "application/vnd.docker.image.rootfs.diff.tar"));
    ((ObjectNode) manifest.path("config")).setAll(described(changed));
    load(host, to, manifest, changed, layer);
  }

  private static void load(Host host, String name, ObjectNode manifest, byte[]... blobs) {
    var files = new LinkedHashMap<String, byte[]>();
    for (var blob : blobs) {
      files.put(path(blob), blob);
    }
    files.put(path(bytes(manifest)), bytes(manifest));
    var entry = described(bytes(manifest));
    entry.set("mediaType", manifest.path("mediaType"));
    entry.putObject("annotations").put("io.containerd.image.name", name);
    var index = JSON.createObjectNode().put("schemaVersion", 2);
    index.putArray("manifests").add(entry);
    files.put("index.json", bytes(index));
    files.put("oci-layout", utf8("{\"imageLayoutVersion\":\"1.0.0\"}"));
    host.sh(
        "base64 -d <<<%s >/tmp/image.tar; ctr -n k8s.io images import /tmp/image.tar; rm /tmp/image.tar"
            .formatted(Base64.getEncoder().encodeToString(tar(files))));
  }

  private static String digestOf(Host host, String image) {
    return host.sh("ctr -n k8s.io images ls name==%s | awk 'NR==2 {print $3}'".formatted(image))
        .strip();
  }

  private static ObjectNode content(Host host, String digest) {
    try {
      return (ObjectNode) JSON.readTree(host.sh("ctr -n k8s.io content get " + digest));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ObjectNode described(byte[] blob) {
    return JSON.createObjectNode().put("digest", digest(blob)).put("size", blob.length);
  }

  private static String path(byte[] blob) {
    return "blobs/" + digest(blob).replace(':', '/');
  }

  private static String digest(byte[] blob) {
    try {
      return "sha256:"
          + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(blob));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static byte[] bytes(ObjectNode json) {
    return utf8(json.toString());
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] tar(Map<String, byte[]> files) {
    var bytes = new ByteArrayOutputStream();
    try (var tar = new TarArchiveOutputStream(bytes)) {
      for (var file : files.entrySet()) {
        var entry = new TarArchiveEntry(file.getKey());
        entry.setModTime(0);
        entry.setSize(file.getValue().length);
        tar.putArchiveEntry(entry);
        tar.write(file.getValue());
        tar.closeArchiveEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
