package dev.bulkhead.e2e;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// How usage grows with the guests that have come and gone: the slope of a line through all samples
/// (least squares), so that neither what is in use for good nor a single step counts.
final class Growth {
  private record Sample(int guests, Usage usage) {}

  private final List<Sample> samples = new ArrayList<>();

  /// @param guests how many have come and gone by now
  void add(int guests, Usage usage) {
    samples.add(new Sample(guests, usage));
  }

  /// For each guest, by name; of what there is at all samples or some.
  SortedMap<String, Double> perGuest() {
    var growth = new TreeMap<String, Double>();
    samples.forEach(
        sample ->
            sample
                .usage()
                .amounts()
                .keySet()
                .forEach(name -> growth.computeIfAbsent(name, this::slope)));
    return growth;
  }

  private double slope(String name) {
    double meanGuests = samples.stream().mapToInt(Sample::guests).average().orElseThrow();
    double mean = samples.stream().mapToLong(s -> s.usage().amount(name)).average().orElseThrow();
    double covariance = 0;
    double variance = 0;
    for (var sample : samples) {
      var distance = sample.guests() - meanGuests;
      covariance += distance * (sample.usage().amount(name) - mean);
      variance += distance * distance;
    }
    return covariance / variance;
  }

  /// First and last of it, for a person to read.
  String values(String name) {
    return samples.stream()
        .map(sample -> sample.guests() + " guests: " + sample.usage().amount(name))
        .toList()
        .toString();
  }
}
