package dev.bulkhead.nodeagent.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bulkhead.nodeagent.pod.PodUid;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class QemuUserTest {
  private static final PodUid LAST_OFFSET = new PodUid("00000000-0000-4000-0000-00000ffffffe");

  @Test
  void isTheSameForTheSamePod() {
    assertThat(QemuUser.forPod(Specs.POD, Set.of()))
        .isEqualTo(QemuUser.forPod(Specs.POD, Set.of()));
  }

  @Test
  void isNobodyElses() {
    var taken = new HashSet<QemuUser>();
    for (int i = 0; i < 100; i++) {
      assertThat(taken.add(QemuUser.forPod(Specs.POD, taken))).isTrue();
    }
    for (int i = 0; i < 1000; i++) {
      assertThat(taken.add(QemuUser.forPod(new PodUid(UUID.randomUUID().toString()), taken)))
          .isTrue();
    }
  }

  @Test
  void staysInTheRangeThatNobodyUses() {
    var last = QemuUser.forPod(LAST_OFFSET, Set.of());

    assertThat(last.id()).isEqualTo(QemuUser.LAST);
    assertThat(QemuUser.forPod(LAST_OFFSET, Set.of(last)).id()).isEqualTo(QemuUser.FIRST);
    assertThatThrownBy(() -> new QemuUser(0)).isInstanceOf(IllegalArgumentException.class);
  }
}
