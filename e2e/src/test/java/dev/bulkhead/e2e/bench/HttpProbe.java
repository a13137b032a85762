package dev.bulkhead.e2e.bench;

import dev.bulkhead.e2e.Host;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// Asks a web server again and again until it answers, from inside a node, and tells when it did.
final class HttpProbe {
  /// A new try every 20 ms, or after 150 ms without a word. Prints the time of the first answer.
  private static final String ASK =
      """
      use Socket; use Fcntl; use Time::HiRes qw(time sleep);
      my ($host, $until, $answer) = ($ARGV[0], time + $ARGV[1], '');
      while (time < $until) {
        socket(my $s, PF_INET, SOCK_STREAM, 0);
        fcntl($s, F_SETFL, O_NONBLOCK);
        connect($s, sockaddr_in(80, inet_aton($host)));
        my $ready = ''; vec($ready, fileno($s), 1) = 1;
        if (select(undef, my $w = $ready, undef, 0.15) && getpeername($s)) {
          syswrite($s, "GET / HTTP/1.0\\r\\n\\r\\n");
          if (select(my $r = $ready, undef, undef, 3) && sysread($s, $answer, 100) && $answer =~ m{^HTTP/1.. 200}) {
            printf "%d\\n", time * 1000;
            exit 0;
          }
        }
        close($s); sleep 0.02;
      }
      exit 1;
      """;

  private static final Duration LIMIT = Duration.ofSeconds(90);

  /// @param prefix of the command: how to get to where the server can be reached
  static Instant firstAnswer(Host from, List<String> prefix, String address) {
    return firstAnswer(from, prefix, address, LIMIT);
  }

  static Instant firstAnswer(Host from, List<String> prefix, String address, Duration within) {
    var command = new ArrayList<>(prefix);
    command.addAll(List.of("perl", "-e", ASK, address, Long.toString(within.toSeconds())));
    var output = from.exec(command.toArray(String[]::new));
    if (output.status() != 0) {
      throw new IllegalStateException(
          "%s did not answer %s within %d s: %s"
              .formatted(address, from.name(), within.toSeconds(), output.err()));
    }
    return Instant.ofEpochMilli(Long.parseLong(output.out().strip()));
  }

  private HttpProbe() {}
}
