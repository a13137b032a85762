package dev.bulkhead.nodeagent.mutation;

import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/// Text and bytes that nobody should write but somebody may: real samples, damaged in every way
/// that is cheap to make. A failure tells the damaged sample.
public final class Mutations {
  private static final Pattern TOKEN = Pattern.compile("\"[^\"]*\"|-?\\d+|\\w+");

  private static final List<String> ODD =
      List.of(
          "",
          "null",
          "true",
          "0",
          "-1",
          "2147483648",
          "-9223372036854775809",
          "1e999",
          "0.1",
          "NaN",
          "9".repeat(400),
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "\"",
          "\\",
          "\\u0000",
          "{}",
          "[]",
          "\"\"",
          "\"x\"",
          "[".repeat(3000),
          "{\"a\":".repeat(1500),
          "../../etc",
          " ",
          "\t",
          "\n",
          "\r\n",
          "\u0000",
          "\u0007",
          "\ufeff",
          "\uffff",
          "\ud800",
          "\udc00",
          "\ud83d\udc1f",
          "\u202e",
          "e\u0301",
          "%s%n",
          "\"2026-02-30T25:61:61Z\"");

  private final List<String> samples;
  private final Random random;

  private Mutations(List<String> samples, long seed) {
    this.samples = samples;
    this.random = new Random(seed);
  }

  /// Gives the parser every sample as it is, and then so many damaged ones.
  public static void tryAll(int times, Consumer<String> parser, String... samples) {
    for (var sample : samples) {
      parser.accept(sample);
    }
    var mutations = new Mutations(List.of(samples), System.nanoTime());
    for (int i = 0; i < times; i++) {
      var damaged = mutations.next();
      try {
        parser.accept(damaged);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("at this text: " + damaged, e);
      }
    }
  }

  private String next() {
    var text = sample();
    for (int i = random.nextInt(4); i >= 0; i--) {
      text = damage(text);
    }
    return text;
  }

  private String damage(String text) {
    int from = random.nextInt(text.length() + 1);
    int to = Math.min(text.length(), from + random.nextInt(1 + random.nextInt(40)));
    var before = text.substring(0, from);
    var part = text.substring(from, to);
    var after = text.substring(to);
    return switch (random.nextInt(9)) {
      case 0 -> before + after;
      case 1 -> before + part + part + after;
      case 2 -> before + odd() + after;
      case 3 -> before + flipped(part) + after;
      case 4 -> before;
      case 5 -> before + tail(sample());
      case 6 -> before + (char) random.nextInt(random.nextBoolean() ? 0x100 : 0x10000) + after;
      default -> withOtherToken(text);
    };
  }

  private String tail(String text) {
    return text.substring(random.nextInt(text.length() + 1));
  }

  private String flipped(String part) {
    if (part.isEmpty()) {
      return part;
    }
    var chars = part.toCharArray();
    chars[random.nextInt(chars.length)] ^= (char) (1 << random.nextInt(8));
    return new String(chars);
  }

  /// Keeps what is around it well-formed.
  private String withOtherToken(String text) {
    var tokens = TOKEN.matcher(text).results().toList();
    if (tokens.isEmpty()) {
      return odd();
    }
    var token = tokens.get(random.nextInt(tokens.size()));
    var other = random.nextBoolean() ? odd() : tokens.get(random.nextInt(tokens.size())).group();
    return text.substring(0, token.start()) + other + text.substring(token.end());
  }

  private String sample() {
    return samples.get(random.nextInt(samples.size()));
  }

  private String odd() {
    return ODD.get(random.nextInt(ODD.size()));
  }
}
