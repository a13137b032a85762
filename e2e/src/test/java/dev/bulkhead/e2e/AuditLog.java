package dev.bulkhead.e2e;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;

/// What the API server noted of writes: one entry for each, once it is answered.
public record AuditLog(Host controlPlane) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String OURS = "system:serviceaccount:" + Deployment.NAMESPACE + ":";

  /// One write request, refused ones included.
  ///
  /// @param resource with the subresource after a slash, if there is one
  /// @param name empty where the server gives the name
  public record Write(String user, String verb, String resource, String name) {
    /// Whether one of Bulkhead's own service accounts made it.
    public boolean isOurs() {
      return user.startsWith(OURS);
    }

    @Override
    public String toString() {
      return "%s %s by %s".formatted(verb, resource, user.substring(user.lastIndexOf(':') + 1));
    }
  }

  /// In that namespace so far, in order; Events aside.
  public List<Write> writesIn(String namespace) {
    return controlPlane
        .sh("grep -h '\"namespace\":\"" + namespace + "\"' /var/log/k8s/audit*.log || true")
        .lines()
        .map(AuditLog::parse)
        .filter(entry -> entry.at("/objectRef/namespace").asText().equals(namespace))
        .filter(entry -> !entry.at("/objectRef/resource").asText().equals("events"))
        .map(AuditLog::write)
        .toList();
  }

  private static Write write(JsonNode entry) {
    var object = entry.path("objectRef");
    var subresource = object.path("subresource").asText();
    return new Write(
        entry.at("/user/username").asText(),
        entry.path("verb").asText(),
        object.path("resource").asText() + (subresource.isEmpty() ? "" : "/" + subresource),
        object.path("name").asText());
  }

  private static JsonNode parse(String line) {
    try {
      return JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("no audit entry: " + line, e);
    }
  }
}
