package dev.bulkhead.e2e.bench;

import dev.bulkhead.e2e.Host;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.zip.GZIPOutputStream;

/// The program `guest-load` (src/test/resources/guest-load.c) in a guest, and what it says of what
/// it got done.
final class GuestLoad {
  /// Far more than any load takes; of a guest in an emulated machine, too.
  private static final String LIMIT_S = "120";

  /// By the second: KiB, for random access operations, for CPU thousands of rounds.
  ///
  /// @param host from which the guest is asked
  /// @param load as `guest-load` is told, with `+` for spaces
  static double rate(Host host, String guest, int seconds, String load) {
    var ask =
        """
        exec 3<>/dev/tcp/%s/80
        printf 'GET /cgi-bin/load?%d+%s HTTP/1.0\\r\\n\\r\\n' >&3
        sed '1,/^.$/d' <&3
        """
            .formatted(guest, seconds, load);
    var answer = host.exec("timeout", LIMIT_S, "bash", "-euc", ask);
    if (!answer.out().strip().matches("\\d+")) {
      throw new IllegalStateException(
          "%s of %s: '%s' %s".formatted(load, guest, answer.out(), answer.err()));
    }
    return Double.parseDouble(answer.out().strip());
  }

  /// Two rates beside each other, now the one first, now the other. Each once before that, so that
  /// places on disks exist and code is translated.
  static <P> List<P> byTurns(
      int rounds,
      Supplier<Double> one,
      Supplier<Double> other,
      BiFunction<Double, Double, P> pair) {
    var _ = one.get();
    var _ = other.get();
    var pairs = new ArrayList<P>();
    for (int i = 0; i < rounds; i++) {
      if (i % 2 == 0) {
        var first = one.get();
        pairs.add(pair.apply(first, other.get()));
      } else {
        var first = other.get();
        pairs.add(pair.apply(one.get(), first));
      }
    }
    return pairs;
  }

  /// Of a tiny guest: puts `guest-load` behind its web server.
  static String userData() {
    var program = Path.of("target", "guest-load").toString();
    LocalProcess.run(
        "musl-gcc", "-Os", "-static", "-s", "-o", program, "src/test/resources/guest-load.c");
    return """
    #!/bin/sh
    base64 -d <<'END' | gunzip >/bin/guest-load
    %sEND
    cat >/www/cgi-bin/load <<'END'
    #!/bin/sh
    printf 'Content-Type: text/plain\\r\\n\\r\\n'
    exec guest-load $(echo "$QUERY_STRING" | tr + ' ') 2>&1
    END
    chmod +x /bin/guest-load /www/cgi-bin/load
    exec serve
    """
        .formatted(text(Path.of(program)));
  }

  private static String text(Path program) {
    var packed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(packed)) {
      Files.copy(program, gzip);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Base64.getMimeEncoder(76, new byte[] {'\n'}).encodeToString(packed.toByteArray()) + "\n";
  }

  private GuestLoad() {}
}
