package dev.bulkhead.nodeagent.device.claim;

import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulkhead.crds.Contract;
import dev.bulkhead.nodeagent.device.claim.Prepared.PreparedDevice;
import dev.bulkhead.nodeagent.device.offer.Offer.Source;
import dev.bulkhead.nodeagent.linux.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One file for each claim that has something of this node: a CDI specification, which tells the
/// container runtime what files in `/dev` the claim's containers get, with what else must be known
/// of the claim as an annotation in it. On a tmpfs, as the kernel's own memory of who is bound to
/// whom: after a reboot both are empty.
public final class PreparedFiles {
  /// The newest that containerd 1.7 and CRI-O 1.28 read (CDI specification, SPEC.md).
  private static final String CDI_VERSION = "0.6.0";

  private static final String KIND = Contract.DEVICE_DRIVER + "/device";
  private static final String PREFIX = "bulkhead.dev-";
  private static final String ANNOTATION = "bulkhead.dev/claim";

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .addMixIn(Source.class, SourceTypes.class)
          .setVisibility(PropertyAccessor.FIELD, Visibility.ANY);

  /// Their names are part of what the next version of this program reads.
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Source.Group.class, name = "group"),
    @JsonSubTypes.Type(value = Source.VirtualFunction.class, name = "virtualFunction"),
    @JsonSubTypes.Type(value = Source.Mediated.class, name = "mediated"),
    @JsonSubTypes.Type(value = Source.Usb.class, name = "usb")
  })
  private interface SourceTypes {}

  private final Path folder;

  /// @param folder where container runtimes look for CDI specifications: /var/run/cdi
  public PreparedFiles(Path folder) {
    this.folder = folder;
  }

  /// The names by which containers get a claim's devices.
  static List<String> cdiIds(Prepared prepared, PreparedDevice device) {
    return device.nodes().isEmpty() ? List.of() : List.of(KIND + "=" + cdiName(prepared, device));
  }

  private static String cdiName(Prepared prepared, PreparedDevice device) {
    return prepared.claim().uid() + "_" + device.name();
  }

  private Path file(String claimUid) {
    return folder.resolve(PREFIX + claimUid + ".json");
  }

  void write(Prepared prepared) throws IOException {
    Files.createDirectories(folder);
    AtomicFile.write(
        file(prepared.claim().uid()), JSON.writeValueAsString(specification(prepared)));
  }

  private static Map<String, Object> specification(Prepared prepared)
      throws JsonProcessingException {
    var specification = new LinkedHashMap<String, Object>();
    specification.put("cdiVersion", CDI_VERSION);
    specification.put("kind", KIND);
    specification.put("annotations", Map.of(ANNOTATION, JSON.writeValueAsString(prepared)));
    specification.put(
        "devices",
        prepared.devices().stream()
            .filter(device -> !device.nodes().isEmpty())
            .map(
                device ->
                    Map.of(
                        "name",
                        cdiName(prepared, device),
                        "containerEdits",
                        Map.of(
                            "deviceNodes",
                            device.nodes().stream().map(node -> Map.of("path", node)).toList())))
            .toList());
    return specification;
  }

  /// Empty for a claim that has nothing of this node.
  public Optional<Prepared> find(String claimUid) throws IOException {
    return read(file(claimUid));
  }

  private static Optional<Prepared> read(Path file) throws IOException {
    try {
      JsonNode specification = JSON.readTree(Files.readString(file));
      return Optional.of(
          JSON.readValue(
              specification.path("annotations").path(ANNOTATION).asText(), Prepared.class));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
  }

  /// By UID.
  public List<Prepared> all() throws IOException {
    var all = new ArrayList<Prepared>();
    if (!Files.exists(folder)) {
      return all;
    }
    try (var files = Files.newDirectoryStream(folder, PREFIX + "*.json")) {
      for (var file : files) {
        read(file).ifPresent(all::add);
      }
    }
    all.sort((one, other) -> one.claim().uid().compareTo(other.claim().uid()));
    return all;
  }

  /// The claim that has this device.
  Optional<ClaimRef> ownerOf(String device) throws IOException {
    return all().stream()
        .filter(prepared -> prepared.devices().stream().anyMatch(d -> d.name().equals(device)))
        .map(Prepared::claim)
        .findFirst();
  }

  void delete(String claimUid) throws IOException {
    Files.deleteIfExists(file(claimUid));
  }
}
