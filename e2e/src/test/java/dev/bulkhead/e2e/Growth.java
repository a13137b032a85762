package dev.bulkhead.e2e;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// How usage grows with the guests that have come and gone. What leaks grows all the way; what is
/// loaded or pooled once (by a new leader, at a first error) makes one step, in one half of it. So
/// this is the lesser slope of two halves, each of a line through its samples (least squares).
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
    int half = samples.size() / 2;
    return Math.min(
        slope(name, samples.subList(0, half)), slope(name, samples.subList(half, samples.size())));
  }

  private static double slope(String name, List<Sample> samples) {
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

  /// For a person to read.
  String values(String name) {
    return samples.stream()
        .map(sample -> sample.guests() + " guests: " + sample.usage().amount(name))
        .toList()
        .toString();
  }
}
