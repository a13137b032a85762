package dev.bulkhead.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class QemuWatchTest {

  @Test
  void seesTwoOfOneVmOnTwoNodesAtTheSameTime() {
    var both = twoAtOnce("100 ns.vm 7\n300 ns.vm 7\n", "290 ns.vm 7\n");
    assertThat(both).extracting(QemuWatch.Life::node).containsExactly("worker-1", "worker-2");
  }

  @Test
  void seesTwoOfOneVmOnOneNodeAtTheSameTime() {
    assertThat(twoAtOnce("100 ns.vm 7\n100 ns.vm 8\n", "")).hasSize(2);
  }

  @Test
  void acceptsOneAfterTheOtherAndOthersAtTheSameTime() {
    assertThat(twoAtOnce("100 ns.vm 7\n300 ns.vm 7\n500 ns.vm 8\n", "300 ns.other 7\n")).isEmpty();
  }

  private static List<QemuWatch.Life> twoAtOnce(String worker1, String worker2) {
    var lives =
        Stream.concat(
                QemuWatch.lives("worker-1", worker1).stream(),
                QemuWatch.lives("worker-2", worker2).stream())
            .toList();
    return QemuWatch.twoAtOnce(lives).orElse(List.of());
  }
}
