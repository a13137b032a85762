package dev.bulkhead.nodeagent.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ResolvConfTest {
  @Test
  void readsWhatKubeletWrites() {
    var read =
        ResolvConf.parse(
            List.of(
                "search shop.svc.cluster.local svc.cluster.local cluster.local",
                "nameserver 10.96.0.10",
                "options ndots:5"));

    assertThat(read.nameservers()).containsExactly(Ipv4.parse("10.96.0.10"));
    assertThat(read.search())
        .containsExactly("shop.svc.cluster.local", "svc.cluster.local", "cluster.local");
  }

  @Test
  void takesTheLastOfSeveralSearchLists() {
    assertThat(ResolvConf.parse(List.of("search a b", "search c")).search()).containsExactly("c");
  }

  @Test
  void passesOverWhatItCannotUse() {
    var read =
        ResolvConf.parse(
            List.of("", "# comment", "nameserver", "nameserver fd00::1", "nameserver localhost"));

    assertThat(read.nameservers()).isEmpty();
    assertThat(read.search()).isEmpty();
  }
}
