package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A guest that does its worst is held within its limits, and its neighbour on the same node goes
/// on answering.
///
/// The short form does all at once; the long one (`-Dwalls=all`, `make walls`) each on its own too,
/// with enough requests for a p99 to be one, and twice that of alone as the bound.
@Isolated("measures")
@ExtendWith(OnCluster.class)
class NeighbourE2E {
  private static final String NODE = "worker-1";
  private static final boolean LONG = "all".equals(System.getProperty("walls"));

  private static final int IOPS = 100;
  private static final long DISK_BANDWIDTH = 1 << 20;
  private static final long NETWORK_BANDWIDTH = 256 << 10;

  /// What the kernel lets through at once: a second's worth and four packets of 64 KiB.
  private static final long NETWORK_BURST = NETWORK_BANDWIDTH + (256 << 10);

  /// Of what is measured where a clock is that of a guest, or of a shell.
  private static final double TOLERANCE = 1.2;

  /// Does what it is asked to, without end; `measure` says how many requests and bytes its disk has
  /// done in how many hundredths of a second.
  private static final String NOISY =
      """
        terminationGracePeriodSeconds: 1
        interfaces: [{name: default, pod: {}, limits: {bandwidth: 256Ki}}]
        disks: [{name: data, empty: {size: 64Mi}, limits: {iops: 100, bandwidth: 1Mi}}]
        cloudInit:
          userData: |
            #!/bin/sh
            cat >/www/cgi-bin/noise <<'END'
            #!/bin/sh
            echo 'Content-Type: text/plain'
            echo
            case ${QUERY_STRING%%@*} in
            cpu) work='while :; do :; done' ;;
            forks) work='bomb() { bomb | bomb & }; bomb' ;;
            memory) work='while :; do tail -n 1 /dev/zero; done' ;;
            small-writes) work='while :; do dd if=/dev/zero of=/dev/vda bs=4k oflag=direct; done' ;;
            large-writes) work='while :; do dd if=/dev/zero of=/dev/vda bs=256k oflag=direct; done' ;;
            packets) work="while :; do nc ${QUERY_STRING##*@} 9 </dev/zero; done" ;;
            stop) work=: && kill -9 -$(cat /tmp/noise) ;;
            esac
            setsid sh -c "$work" </dev/null >/dev/null 2>&1 &
            echo $! >/tmp/noise
            echo started
            END
            cat >/www/cgi-bin/measure <<'END'
            #!/bin/sh
            echo 'Content-Type: text/plain'
            echo
            now() { set -- $(cat /sys/block/vda/stat); echo $(cut -d' ' -f1 /proc/uptime | tr -d .) $5 $7; }
            before=$(now)
            sleep 3
            set -- $before $(now)
            echo $(($5 - $2)) $((($6 - $3) * 512)) $(($4 - $1))
            END
            chmod 755 /www/cgi-bin/*
            exec serve
      """;

  private static Guest neighbour;
  private static Guest noisy;

  @BeforeAll
  static void aQuietGuest(Lab lab) {
    lab.apply(Manifests.tinyGuest("neighbour", Manifests.onNode(NODE)));
    neighbour = lab.awaitRunning("neighbour");
    neighbour.awaitAnswer();
  }

  @BeforeEach
  void aNoisyGuestBesideIt(Lab lab) {
    lab.apply(Manifests.tinyGuest("noisy", Manifests.onNode(NODE), NOISY));
    noisy = lab.awaitRunning("noisy");
    noisy.awaitAnswer();
  }

  @AfterEach
  void clear(Lab lab) {
    lab.delete("vm", "noisy");
    lab.awaitNoPod("noisy");
  }

  @Test
  void diskAndNetworkCarryNoMoreThanTheirLimits(Lab lab, Hosts hosts) {
    noisy.ask("/cgi-bin/noise?small-writes");
    assertThat(measure().requestsPerSecond()).isBetween(IOPS / 2.0, IOPS * TOLERANCE);
    noisy.ask("/cgi-bin/noise?stop");

    noisy.ask("/cgi-bin/noise?large-writes");
    assertThat(measure().bytesPerSecond())
        .isBetween(DISK_BANDWIDTH / 2.0, DISK_BANDWIDTH * TOLERANCE);
    noisy.ask("/cgi-bin/noise?stop");

    floodNetwork(lab);
    var sent =
        hosts
            .on(NODE)
            .sh(
                """
                sent() { nsenter --net=/proc/%d/ns/net ip -j -s link show eth0 | grep -o '"tx":{"bytes":[0-9]*' | grep -o '[0-9]*$'; }
                before=$(sent); start=$(date +%%s%%N); sleep 5; after=$(sent); end=$(date +%%s%%N)
                echo $((after - before)) $(((end - start) / 1000000))
                """
                    .formatted(hosts.on(NODE).keeperOf(lab, "noisy")))
            .strip()
            .split(" ", 2);
    double seconds = Long.parseLong(sent[1]) / 1000.0;
    assertThat(Double.parseDouble(sent[0]))
        .isBetween(
            NETWORK_BANDWIDTH * seconds / 4,
            (NETWORK_BANDWIDTH * seconds + NETWORK_BURST) * TOLERANCE);
  }

  static Stream<List<String>> noises() {
    var all = List.of("cpu", "small-writes", "large-writes", "packets", "memory", "forks");
    return LONG ? Stream.concat(all.stream().map(List::of), Stream.of(all)) : Stream.of(all);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("noises")
  void neighbourGoesOnAnswering(List<String> noises, Lab lab, Hosts hosts) {
    int requests = LONG ? 1000 : 200;
    var alone = responseTimes(hosts, requests);
    for (var noise : noises) {
      if (noise.equals("packets")) {
        floodNetwork(lab);
      } else {
        noisy.ask("/cgi-bin/noise?" + noise);
      }
    }
    var beside = responseTimes(hosts, requests);
    System.out.printf(
        "%s: p50 %.1f ms, p99 %.1f ms; alone p50 %.1f ms, p99 %.1f ms%n",
        noises, at(beside, 50), at(beside, 99), at(alone, 50), at(alone, 99));
    assertThat(at(beside, 99)).isLessThan(LONG ? 2 * at(alone, 99) : 1000);
  }

  private static void floodNetwork(Lab lab) {
    var sinkOfAll = "nc -ll -p 9 -e sh -c 'cat >/dev/null' </dev/null >/dev/null 2>&1 &";
    lab.exec("client-2", "sh", "-c", sinkOfAll).succeeded();
    var sink = lab.client().pods().inNamespace(lab.namespace()).withName("client-2").get();
    noisy.ask("/cgi-bin/noise?packets@" + sink.getStatus().getPodIP());
  }

  private record Done(long requests, long bytes, long hundredths) {
    double requestsPerSecond() {
      return requests * 100.0 / hundredths;
    }

    double bytesPerSecond() {
      return bytes * 100.0 / hundredths;
    }
  }

  private static Done measure() {
    var numbers = noisy.ask("/cgi-bin/measure").split(" ", 3);
    return new Done(
        Long.parseLong(numbers[0]), Long.parseLong(numbers[1]), Long.parseLong(numbers[2]));
  }

  /// In milliseconds, sorted, of one request after the other from the node itself; each must be
  /// answered.
  private static double[] responseTimes(Hosts hosts, int requests) {
    var answers =
        hosts
            .on(NODE)
            .sh(
                """
                perl -MIO::Socket::INET -MTime::HiRes=time -e '
                  for (1 .. %d) {
                    my $start = time;
                    my $s = IO::Socket::INET->new(PeerAddr => "%s:80", Timeout => 10) or die "no connection: $@";
                    print $s "GET / HTTP/1.0\\r\\n\\r\\n";
                    local $/;
                    <$s> =~ / 200 / or die "no answer";
                    printf "%%.2f\n", (time - $start) * 1000;
                  }'
                """
                    .formatted(requests, neighbour.ip()));
    return answers.lines().mapToDouble(Double::parseDouble).sorted().toArray();
  }

  /// Nearest rank.
  private static double at(double[] sorted, int percent) {
    return Arrays.stream(sorted)
        .skip(Math.ceilDiv(sorted.length * percent, 100) - 1)
        .findFirst()
        .orElseThrow();
  }
}
