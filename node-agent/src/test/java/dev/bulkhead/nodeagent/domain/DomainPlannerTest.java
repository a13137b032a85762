package dev.bulkhead.nodeagent.domain;

import static dev.bulkhead.nodeagent.domain.Specs.disk;
import static dev.bulkhead.nodeagent.domain.Specs.empty;
import static dev.bulkhead.nodeagent.domain.Specs.prepared;
import static dev.bulkhead.nodeagent.domain.Specs.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachineSpec.Disk.Bus;
import dev.bulkhead.crds.VirtualMachineSpec.Firmware;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DomainPlannerTest {

  @TestFactory
  Stream<DynamicTest> everyDomainPassesLibvirtsSchema() {
    var cases = new ArrayList<DynamicTest>();
    for (var accelerator : Accelerator.values()) {
      for (var model : new String[] {null, "HostPassthrough", "Baseline", "EPYC"}) {
        for (var firmware : Firmware.Type.values()) {
          var spec =
              spec(
                  new GuestSpec.Cpu(2, 2, 1, model),
                  firmware,
                  disk("root", Bus.Virtio, null),
                  empty("data", Bus.SCSI, 1),
                  empty("more", Bus.SATA, null));
          cases.add(
              DynamicTest.dynamicTest(
                  "%s %s %s".formatted(accelerator, model, firmware),
                  () ->
                      LibvirtSchema.validate(
                          DomainPlanner.plan(spec, prepared(spec, accelerator)).toXml())));
        }
      }
    }
    return cases.stream();
  }

  @Test
  void takesHostileTextLiterally() {
    var hostile = "</cmdline><x a=\"1\"/>&amp; $(reboot) 'q' ]]>";
    var spec = Specs.withKernel(hostile);

    var xml = DomainPlanner.plan(spec, prepared(spec, Accelerator.TCG)).toXml();

    LibvirtSchema.validate(xml);
    assertThat(LibvirtSchema.text(xml, "/domain/os/cmdline")).isEqualTo(hostile);
  }

  @Test
  void refusesTextThatXmlCannotCarry() {
    var spec = Specs.withKernel("quiet \u0007");
    var domain = DomainPlanner.plan(spec, prepared(spec, Accelerator.TCG));

    assertThatThrownBy(domain::toXml)
        .isInstanceOf(UnencodableTextException.class)
        .hasMessageContaining("U+0007")
        .hasMessageContaining("remove it");
  }

  @Test
  void bootsDisksWithAnOrderBeforeThoseWithout() {
    var spec =
        spec(
            Specs.ONE_CPU,
            Firmware.Type.BIOS,
            disk("first", Bus.Virtio, null),
            disk("second", Bus.Virtio, 7),
            disk("third", Bus.Virtio, 2));

    assertThat(disksOf(spec))
        .extracting(Disk::serial, Disk::bootOrder)
        .containsExactly(tuple("first", 3), tuple("second", 2), tuple("third", 1));
  }

  @Test
  void namesThirtyTwoDisksOfThreeBusesWithoutClash() {
    var disks = new ArrayList<GuestSpec.Disk>();
    for (int i = 0; i < 32; i++) {
      disks.add(empty("disk" + i, List.of(Bus.Virtio, Bus.SCSI, Bus.SATA).get(i % 3), null));
    }
    var spec = spec(Specs.ONE_CPU, Firmware.Type.BIOS, disks.toArray(GuestSpec.Disk[]::new));

    assertThat(disksOf(spec)).extracting(Disk::target).doesNotHaveDuplicates().hasSize(32);
    LibvirtSchema.validate(DomainPlanner.plan(spec, prepared(spec, Accelerator.TCG)).toXml());
  }

  @Test
  void countsBeyondTheAlphabet() {
    var disks = Stream.iterate(0, i -> i + 1).limit(28).map(i -> empty("d" + i, Bus.Virtio, null));
    var spec = spec(Specs.ONE_CPU, Firmware.Type.BIOS, disks.toArray(GuestSpec.Disk[]::new));

    assertThat(disksOf(spec)).extracting(Disk::target).endsWith("vdz", "vdaa", "vdab");
  }

  @Test
  void namesTheWholeChainSoThatNoImageIsProbed() {
    var spec = spec(Specs.ONE_CPU, Firmware.Type.BIOS, disk("root", Bus.Virtio, null));

    var xml = DomainPlanner.plan(spec, prepared(spec, Accelerator.TCG)).toXml();

    assertThat(LibvirtSchema.text(xml, "count(//disk/backingStore/source)")).isEqualTo("1");
    assertThat(LibvirtSchema.text(xml, "count(//disk/backingStore/backingStore[not(*)])"))
        .isEqualTo("1");
  }

  @ParameterizedTest
  @EnumSource(Accelerator.class)
  void roundsMemoryUpToWholeKibibytes(Accelerator accelerator) {
    var spec = Specs.withMemory(128L * 1024 * 1024 + 1);

    assertThat(DomainPlanner.plan(spec, prepared(spec, accelerator)).memoryKiB())
        .isEqualTo(128 * 1024 + 1);
  }

  @Test
  void neverAsksTcgForTheHostsCpu() {
    for (var model : new String[] {null, "HostPassthrough"}) {
      var spec = spec(new GuestSpec.Cpu(1, 1, 1, model), Firmware.Type.BIOS);

      assertThat(DomainPlanner.plan(spec, prepared(spec, Accelerator.TCG)).cpu())
          .isEqualTo(new CpuModel.Translated());
    }
  }

  @Test
  void bringsAScsiControllerOnlyForScsiDisks() {
    assertThat(xml(Specs.empty("data", Bus.SATA, null), "count(//controller[@type='scsi'])"))
        .isEqualTo("0");
    assertThat(xml(Specs.empty("data", Bus.SCSI, null), "count(//controller[@type='scsi'])"))
        .isEqualTo("1");
  }

  @Test
  void letsTheGuestWriteToItsDisksButNotToItsSeed() {
    var data = empty("data", Bus.Virtio, 1);

    assertThat(xml(data, "//disk[serial='data']/driver/@discard")).isEqualTo("unmap");
    assertThat(xml(data, "count(//disk[serial='data']/readonly)")).isEqualTo("0");
    assertThat(xml(data, "//disk[serial='data']/boot/@order")).isEqualTo("1");
    assertThat(xml(data, "count(//disk[not(serial)])")).isEqualTo("1");
    assertThat(xml(data, "count(//disk[not(serial)]/readonly)")).isEqualTo("1");
    assertThat(xml(data, "count(//disk[not(serial)]/boot)")).isEqualTo("0");
    assertThat(xml(data, "string(//disk[not(serial)]/driver/@discard)")).isEmpty();
    assertThat(xml(data, "//disk[serial='data']/driver/@cache")).isEqualTo("none");
    assertThat(xml(data, "//disk[not(serial)]/driver/@cache")).isEqualTo("writeback");
  }

  @ParameterizedTest
  @CsvSource({"400, 1048576", "400,", ", 1048576", ","})
  void limitsADiskAsItsSpecSaysAndNothingElse(Integer iops, Long bandwidth) {
    var data = new GuestSpec.Disk("data", null, null, 1L << 30, Bus.Virtio, null, iops, bandwidth);

    assertThat(xml(data, "//disk[serial='data']/iotune/total_iops_sec"))
        .isEqualTo(iops == null ? "" : "400");
    assertThat(xml(data, "//disk[serial='data']/iotune/total_bytes_sec"))
        .isEqualTo(bandwidth == null ? "" : "1048576");
    assertThat(xml(data, "count(//iotune)"))
        .isEqualTo(iops == null && bandwidth == null ? "0" : "1");
    LibvirtSchema.validate(xmlOf(data));
  }

  @Test
  void hasNoSeedWhereNoneWasPrepared() {
    var spec = spec(Specs.ONE_CPU, Firmware.Type.BIOS, empty("data", Bus.Virtio, null));
    var all = prepared(spec, Accelerator.KVM);
    var prepared =
        new DomainPlanner.Prepared(
            all.podUid(),
            all.accelerator(),
            all.user(),
            all.directory(),
            all.kernel(),
            all.disks(),
            null,
            all.mac(),
            all.tap(),
            all.mtu(),
            all.hostDevices());

    assertThat(LibvirtSchema.text(DomainPlanner.plan(spec, prepared).toXml(), "count(//disk)"))
        .isEqualTo("1");
  }

  @ParameterizedTest
  @CsvSource({"BIOS, 0", "UEFI, 1"})
  void hasFlashForUefiAlone(Firmware.Type firmware, String flashes) {
    var spec = spec(Specs.ONE_CPU, firmware, empty("data", Bus.Virtio, null));
    var xml = DomainPlanner.plan(spec, prepared(spec, Accelerator.KVM)).toXml();

    assertThat(LibvirtSchema.text(xml, "count(/domain/os/loader[@type='pflash'])"))
        .isEqualTo(flashes);
    assertThat(LibvirtSchema.text(xml, "count(/domain/os/nvram)")).isEqualTo(flashes);
  }

  @ParameterizedTest
  @CsvSource({"KVM, kvm, '', partial", "TCG, qemu, 32, none"})
  void saysWhatRunsItAndLimitsTheTranslatorsCache(
      Accelerator accelerator, String type, String cache, String check) {
    var spec = spec(new GuestSpec.Cpu(3, 2, 4, "EPYC"), Firmware.Type.BIOS);
    var domain = DomainPlanner.plan(spec, prepared(spec, accelerator));
    var xml = domain.toXml();

    assertThat(LibvirtSchema.text(xml, "/domain/@type")).isEqualTo(type);
    assertThat(LibvirtSchema.text(xml, "/domain/features/tcg/tb-cache")).isEqualTo(cache);
    assertThat(LibvirtSchema.text(xml, "/domain/cpu/@check")).isEqualTo(check);
    assertThat(LibvirtSchema.text(xml, "/domain/vcpu")).isEqualTo("24");
    assertThat(domain)
        .hasToString("domain shop.web (" + accelerator.name().toLowerCase(Locale.ROOT) + ")");
  }

  @Test
  void bootsTheKernelWithItsRamdiskAndArguments() {
    var spec = Specs.withKernel("quiet");
    var xml = DomainPlanner.plan(spec, prepared(spec, Accelerator.TCG)).toXml();

    assertThat(LibvirtSchema.text(xml, "/domain/os/kernel")).isEqualTo("/kernel");
    assertThat(LibvirtSchema.text(xml, "/domain/os/initrd")).isEqualTo("/boot/initrd.img");
    assertThat(LibvirtSchema.text(xml, "/domain/os/cmdline")).isEqualTo("quiet");
  }

  private static String xml(GuestSpec.Disk disk, String path) {
    return LibvirtSchema.text(xmlOf(disk), path);
  }

  private static String xmlOf(GuestSpec.Disk disk) {
    var spec = spec(Specs.ONE_CPU, Firmware.Type.BIOS, disk);
    return DomainPlanner.plan(spec, prepared(spec, Accelerator.KVM)).toXml();
  }

  @ParameterizedTest
  @CsvSource({
    "KVM, 274877906944, 39",
    "TCG, 274877906944, 39",
    "KVM, 274877906945, 48",
    "TCG, 1099511627776, 48"
  })
  void hasAnIommuThatRemapsInterruptsAndReachesAllOfTheGuest(
      Accelerator accelerator, long memory, String bits) {
    var spec = Specs.withIommu(memory);
    var xml = DomainPlanner.plan(spec, prepared(spec, accelerator)).toXml();

    LibvirtSchema.validate(xml);
    assertThat(LibvirtSchema.text(xml, "//iommu[@model='intel']/driver/@intremap")).isEqualTo("on");
    assertThat(LibvirtSchema.text(xml, "//iommu/driver/@caching_mode")).isEqualTo("on");
    assertThat(LibvirtSchema.text(xml, "//iommu/driver/@aw_bits")).isEqualTo(bits);
    assertThat(LibvirtSchema.text(xml, "/domain/features/ioapic/@driver")).isEqualTo("qemu");
  }

  @Test
  void hasNoIommuUnlessAskedForOne() {
    assertThat(xml(empty("data", Bus.Virtio, null), "count(//iommu) + count(//ioapic)"))
        .isEqualTo("0");
  }

  @Test
  void runsQemuAsTheGuestsOwnUser() {
    var spec = spec(Specs.ONE_CPU, Firmware.Type.BIOS);

    var xml = DomainPlanner.plan(spec, prepared(spec, Accelerator.KVM)).toXml();

    assertThat(LibvirtSchema.text(xml, "//seclabel[@model='dac'][@type='static']/label"))
        .isEqualTo("+1879048199:+1879048199");
  }

  @Test
  void opensNoTcpPort() {
    var spec = spec(Specs.ONE_CPU, Firmware.Type.BIOS, disk("root", Bus.Virtio, null));

    var xml = DomainPlanner.plan(spec, prepared(spec, Accelerator.KVM)).toXml();

    assertThat(LibvirtSchema.text(xml, "count(//graphics/listen[@type!='socket'])")).isEqualTo("0");
    assertThat(LibvirtSchema.text(xml, "count(//*[@port>0])")).isEqualTo("0");
  }

  /// Those of the spec, without the seed.
  private static List<Disk> disksOf(GuestSpec spec) {
    return DomainPlanner.plan(spec, prepared(spec, Accelerator.TCG)).devices().stream()
        .filter(Disk.class::isInstance)
        .map(Disk.class::cast)
        .filter(disk -> !disk.readOnly())
        .toList();
  }
}
