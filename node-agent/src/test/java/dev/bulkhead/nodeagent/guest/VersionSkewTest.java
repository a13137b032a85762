package dev.bulkhead.nodeagent.guest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.crds.GuestReport.Accelerator;
import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachineSpec.Disk.Bus;
import dev.bulkhead.crds.VirtualMachineSpec.Firmware;
import dev.bulkhead.crds.VirtualMachineSpec.Iommu;
import dev.bulkhead.nodeagent.hypervisor.GuestDomain.State;
import dev.bulkhead.nodeagent.pod.VmPod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/// This agent beside operators of other releases: it reads what they were recorded, or are
/// imagined, to write, and writes what they were recorded to read.
class VersionSkewTest {
  private static final Path RECORDED = Path.of("../crds/src/test/resources/contract");
  private static final JsonMapper JSON = new JsonMapper();
  private static final String VM = "11111111-2222-4333-8444-555555555555";

  private static final GuestSpec RELEASED =
      new GuestSpec(
          1,
          "shop",
          "web",
          VM,
          new GuestSpec.Cpu(2, 1, 2, "EPYC"),
          1L << 30,
          Firmware.Type.UEFI,
          new GuestSpec.Kernel("kernel:1", "/boot/vmlinuz", "/boot/initrd.img", "console=ttyS0"),
          List.of(
              new GuestSpec.Disk(
                  "root", "disk:1", "/disk/root.qcow2", null, Bus.Virtio, 1, null, null),
              new GuestSpec.Disk("data", null, null, 32L << 20, Bus.SATA, null, null, null)),
          "net0",
          null,
          new GuestSpec.CloudInit(null, "init"),
          null,
          null);

  @Test
  void readsTheGuestOfAReleasedOperator() throws IOException {
    assertThat(pod("guest-1.json").guest()).isEqualTo(RELEASED);
  }

  @Test
  void readsTheLimitsOfAGuestOfFormat2() throws IOException {
    var guest = pod("guest-2.json").guest();
    assertThat(guest.interfaceBandwidth()).isEqualTo(65_536);
    assertThat(guest.disks().getFirst().iops()).isNull();
    assertThat(guest.disks().getLast().iops()).isEqualTo(500);
    assertThat(guest.disks().getLast().bandwidth()).isEqualTo(1 << 20);
  }

  @Test
  void readsTheDevicesOfAGuestOfFormat3() throws IOException {
    assertThat(pod("guest-3.json").guest().devices())
        .containsExactly(
            new GuestSpec.Device("gpu", null, "one-a100"),
            new GuestSpec.Device("disk", "fast", null));
  }

  @Test
  void readsTheIommuOfAGuestOfFormat4() throws IOException {
    assertThat(pod("guest-4.json").guest().iommu()).isEqualTo(Iommu.Intel);
    assertThat(pod("guest-3.json").guest().iommu()).isNull();
  }

  @Test
  void ignoresWhatItDoesNotKnowInAGuestOfAFormatThatItDoes() throws IOException {
    assertThat(pod("guest-1-of-a-newer-operator.json").guest()).isEqualTo(RELEASED);
  }

  @Test
  void givesMissingFieldsTheValueTheyHadBeforeTheyExisted() throws IOException {
    assertThat(pod("guest-1-of-an-older-operator.json").guest())
        .isEqualTo(
            new GuestSpec(
                1,
                "shop",
                "web",
                VM,
                new GuestSpec.Cpu(2, 1, 1, null),
                1L << 30,
                Firmware.Type.BIOS,
                null,
                List.of(
                    new GuestSpec.Disk("root", "disk:1", null, null, Bus.Virtio, null, null, null)),
                "default",
                null,
                null,
                null,
                null));
  }

  /// What is then done is `GuestPlannerTest`'s.
  @Test
  void knowsWhichFormatAGuestThatItCannotReadNeedsAndWhoseItIs() throws IOException {
    var pod = pod("guest-5.json");
    assertThat(pod.guest()).isNull();
    assertThat(pod.guestFormat()).isEqualTo(5);
    assertThat(pod.vmUid()).isEqualTo(VM);
  }

  @Test
  void reportsInTheFormatThatReleasedOperatorsRead() throws IOException {
    var facts = Facts.of().domain(State.RUNNING).booted().joined().build();
    var written = GuestStatus.of(facts, new GuestPlan.Keep(), null, Accelerator.TCG).toJson();
    assertThat(JSON.readTree(written))
        .as("operators of earlier releases read this: fields are added, never changed")
        .isEqualTo(JSON.readTree(Files.readString(RECORDED.resolve("report-1.json"))));
  }

  /// It finds its newer predecessor's report on the pod after a rollback.
  @Test
  void takesWhatItKnowsOfANewerAgentsReport() throws IOException {
    assertThat(GuestReport.parse(Files.readString(RECORDED.resolve("report-2.json"))))
        .contains(
            new GuestReport(
                2, GuestReport.State.Running, "2026-11-23T11:59:00Z", null, null, null));
    assertThat(GuestReport.parse(Files.readString(RECORDED.resolve("report-2-new-state.json"))))
        .hasValueSatisfying(
            report -> {
              assertThat(report.state()).isEqualTo(GuestReport.State.Unknown);
              assertThat(Instant.parse(report.bootTime())).isEqualTo("2026-11-23T11:59:00Z");
            });
  }

  private static VmPod pod(String guest) throws IOException {
    return VmPod.of(
        new PodBuilder()
            .withNewMetadata()
            .withNamespace("shop")
            .withName("web")
            .withUid("0f0e0d0c-0b0a-4908-8706-050403020100")
            .addToAnnotations(Contract.GUEST_ANNOTATION, Files.readString(RECORDED.resolve(guest)))
            .addNewOwnerReference()
            .withKind("VirtualMachine")
            .withUid(VM)
            .withController(true)
            .endOwnerReference()
            .endMetadata()
            .withNewSpec()
            .endSpec()
            .withNewStatus()
            .withPhase("Running")
            .endStatus()
            .build());
  }
}
