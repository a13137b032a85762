package dev.bulkhead.nodeagent.device.offer;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/// The node's own addresses.
public interface HostNetwork {
  /// Those that others can reach it by, by interface: neither loopback's nor link-local ones.
  Map<String, List<String>> addresses() throws IOException;
}
