package dev.bulkhead.nodeagent.device.offer;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What the chart's `devices` says, for all nodes.
@JsonIgnoreProperties(ignoreUnknown = true)
public record GivingSettings(List<String> allow, boolean console, List<ForNodes> nodes) {

  /// An exception for some nodes.
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record ForNodes(Map<String, String> nodeLabels, List<String> allow, boolean console) {}

  /// Reads what the chart hands over.
  ///
  /// @throws IllegalArgumentException if it is not JSON of that form
  public static GivingSettings parse(String json) {
    try {
      return new ObjectMapper().readValue(json, GivingSettings.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("devices: " + e.getOriginalMessage(), e);
    }
  }

  /// What holds for a node with these labels.
  public Giving of(Map<String, String> labels) {
    for (var exception : nodes == null ? List.<ForNodes>of() : nodes) {
      if (labels.entrySet().containsAll(exception.nodeLabels.entrySet())) {
        return giving(exception.allow, exception.console);
      }
    }
    return giving(allow, console);
  }

  private static Giving giving(List<String> allow, boolean console) {
    return new Giving(allow == null ? Set.of() : Set.copyOf(allow), console);
  }
}
