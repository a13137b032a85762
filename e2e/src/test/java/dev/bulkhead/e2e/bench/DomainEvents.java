package dev.bulkhead.e2e.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/// When libvirt said that a domain runs, by libvirt's clock, from `virsh event`.
final class DomainEvents implements AutoCloseable {
  private static final Pattern RUNS =
      Pattern.compile(
          "(\\S+ \\S+): event 'lifecycle' for domain '?([^' ]+?)'?: (Started|Resumed).*");
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSZ");

  private final Process process;
  private final Map<String, Instant> lastRun = new ConcurrentHashMap<>();

  DomainEvents(BareLibvirt libvirt) {
    var command = new ArrayList<>(List.of("stdbuf", "-oL"));
    command.addAll(libvirt.virsh("event", "--event", "lifecycle", "--loop", "--timestamp"));
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofPlatform().name("domain-events").daemon().start(this::follow);
  }

  /// Null until it has run.
  Instant lastRun(String domain) {
    return lastRun.get(domain);
  }

  void forget(String domain) {
    lastRun.remove(domain);
  }

  private void follow() {
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        var event = RUNS.matcher(line);
        if (event.matches()) {
          lastRun.put(event.group(2), OffsetDateTime.parse(event.group(1), TIME).toInstant());
        }
      }
    } catch (IOException e) {
      // The stream of a process that was ended.
    }
  }

  @Override
  public void close() {
    process.destroy();
  }
}
