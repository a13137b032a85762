package dev.bulkhead.nodeagent.hypervisor.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.mutation.Mutations;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class DomainLogFuzzTest {

  @Test
  void noLogBreaksTheReader() {
    Mutations.tryAll(
        5_000,
        text -> assertThat(DomainLog.lastEnding(text)).isNotNull(),
        "2026-11-23 14:00:00.000+0000: starting up libvirt version: 9.0.0\n/usr/bin/qemu \\\n",
        "2026-11-23 14:00:09.123+0000: shutting down, reason=crashed\n",
        "0123456789:.+ ".repeat(4000));
  }
}
