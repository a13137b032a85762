package dev.bulkhead.e2e.bench;

import java.util.List;

/// Percentiles and straight lines through samples.
final class Statistics {

  /// By nearest rank: the smallest sample that is not below `percent` of all.
  static double percentile(List<Double> samples, double percent) {
    if (samples.isEmpty()) {
      throw new IllegalArgumentException("no samples");
    }
    var sorted = samples.stream().sorted().toList();
    var rank = (int) Math.ceil(percent / 100 * sorted.size());
    return sorted.get(Math.clamp(rank - 1, 0, sorted.size() - 1));
  }

  static double median(List<Double> samples) {
    return percentile(samples, 50);
  }

  /// The slope of the least-squares line through the points.
  static double slope(List<Double> x, List<Double> y) {
    var meanX = mean(x);
    var meanY = mean(y);
    var above = 0.0;
    var below = 0.0;
    for (int i = 0; i < x.size(); i++) {
      above += (x.get(i) - meanX) * (y.get(i) - meanY);
      below += (x.get(i) - meanX) * (x.get(i) - meanX);
    }
    return above / below;
  }

  static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  private Statistics() {}
}
