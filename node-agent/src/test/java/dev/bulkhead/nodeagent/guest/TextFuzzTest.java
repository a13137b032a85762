package dev.bulkhead.nodeagent.guest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachineSpec.Disk.Bus;
import dev.bulkhead.crds.VirtualMachineSpec.Firmware;
import dev.bulkhead.nodeagent.domain.Specs;
import dev.bulkhead.nodeagent.keeper.Exit;
import dev.bulkhead.nodeagent.mutation.Mutations;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// What others, or other versions, wrote about a guest: understood or not, but never a crash.
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class TextFuzzTest {
  private static final String DISKS =
      Specs.spec(
              new GuestSpec.Cpu(2, 2, 2, "EPYC"),
              Firmware.Type.UEFI,
              Specs.disk("root", Bus.Virtio, 1),
              Specs.empty("data", Bus.SATA, null))
          .toJson();

  private static final String KERNEL =
      Specs.withKernel("quiet").toJson().replace("}", ",\"cloudInit\":{\"secretName\":\"x\"}}");

  /// What is understood can also be written, and reads back the same.
  @Test
  void noGuestSpecBreaksTheParser() {
    Mutations.tryAll(
        40_000,
        text ->
            GuestSpec.parse(text)
                .ifPresent(spec -> assertThat(GuestSpec.parse(spec.toJson())).contains(spec)),
        DISKS,
        KERNEL,
        Specs.withKernel("quiet").toJson());
  }

  @Test
  void noReportBreaksTheParser() {
    Mutations.tryAll(
        20_000,
        text ->
            GuestReport.parse(text)
                .ifPresent(
                    report -> assertThat(GuestReport.parse(report.toJson())).contains(report)),
        new GuestReport(
                1,
                GuestReport.State.Running,
                "2026-11-23T12:00:00Z",
                GuestReport.Accelerator.TCG,
                "all is well",
                List.of(new GuestReport.Device("gpu", "0000:01:00.0", 14)))
            .toJson(),
        new GuestReport(1, GuestReport.State.Starting, null, null, "waiting", null).toJson());
  }

  @Test
  void noEndBreaksTheParser() {
    Mutations.tryAll(
        5_000,
        text -> assertThat(GuestEnd.parse(text).exit()).isNotNull(),
        new GuestEnd(Exit.START_FAILED, "no kernel\nat that path").toText(),
        new GuestEnd(Exit.POWERED_OFF, "").toText());
  }
}
