package dev.bulkhead.e2e.bench;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Figures with what they were computed from, as a table for people and as JSON. It knows no aim by
/// itself, and judges none but by the number it is given.
final class Report {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private record Row(String name, double value, String unit, String aim, String what) {}

  private final List<Row> rows = new ArrayList<>();
  private final Map<String, Object> samples = new LinkedHashMap<>();
  private final Map<String, String> machine;

  Report(Map<String, String> machine) {
    this.machine = new LinkedHashMap<>(machine);
  }

  /// @param name the key in the JSON file
  /// @param what it is, in a few words
  void figure(String name, double value, String unit, String what) {
    rows.add(new Row(name, value, unit, "", what));
  }

  /// A figure that should be at most `aim`.
  void figure(String name, double value, String unit, double aim, String what) {
    var verdict = "≤ %s: %s".formatted(number(aim), value <= aim ? "met" : "missed");
    rows.add(new Row(name, value, unit, verdict, what));
  }

  /// A figure that should be at least `aim`.
  void figureAtLeast(String name, double value, String unit, double aim, String what) {
    var verdict = "≥ %s: %s".formatted(number(aim), value >= aim ? "met" : "missed");
    rows.add(new Row(name, value, unit, verdict, what));
  }

  /// What figures were computed from, in any form that JSON has.
  void samples(String name, Object raw) {
    samples.put(name, raw);
  }

  /// Of all figures so far.
  List<String> names() {
    return rows.stream().map(Row::name).toList();
  }

  /// Everything anew.
  void write(Path file) {
    write(file, new LinkedHashMap<>(), "machine");
  }

  /// What was measured, in place of what the file has of it; all else in the file stays. So does
  /// its machine: this one is added by a name of its own.
  ///
  /// @param measured the names of the measures, as they were asked for
  void writeInto(Path file, String measured) {
    write(file, Files.exists(file) ? read(file) : new LinkedHashMap<>(), "machine: " + measured);
  }

  private static Map<String, Object> read(Path file) {
    try {
      return JSON.readValue(file.toFile(), new TypeReference<>() {});
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void write(Path file, Map<String, Object> json, String machineKey) {
    rows.forEach(row -> json.put(row.name(), row.value()));
    json.put(machineKey, machine);
    var allSamples = new LinkedHashMap<String, Object>();
    if (json.get("samples") instanceof Map<?, ?> before) {
      before.forEach((name, raw) -> allSamples.put(name.toString(), raw));
    }
    allSamples.putAll(samples);
    json.put("samples", allSamples);
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, JSON.writeValueAsString(json) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String table() {
    var text = new StringBuilder("\n");
    machine.forEach((key, value) -> text.append("%s: %s%n".formatted(key, value)));
    text.append("%n%-36s %10s %-7s %-14s %s%n".formatted("figure", "value", "", "aim", ""));
    for (var row : rows) {
      text.append(
          "%-36s %10s %-7s %-14s %s%n"
              .formatted(row.name(), number(row.value()), row.unit(), row.aim(), row.what()));
    }
    return text.toString();
  }

  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? Long.toString((long) value)
        : String.format(Locale.ROOT, Math.abs(value) < 10 ? "%.3f" : "%.1f", value);
  }
}
