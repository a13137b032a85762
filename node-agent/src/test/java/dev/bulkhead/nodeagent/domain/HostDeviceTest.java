package dev.bulkhead.nodeagent.domain;

import static dev.bulkhead.nodeagent.domain.Specs.disk;
import static dev.bulkhead.nodeagent.domain.Specs.prepared;
import static dev.bulkhead.nodeagent.domain.Specs.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachineSpec.Disk.Bus;
import dev.bulkhead.crds.VirtualMachineSpec.Firmware;
import dev.bulkhead.nodeagent.device.claim.DeviceSettings;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostDeviceTest {
  private static final PciAddress GPU = PciAddress.parse("0000:81:00.0");
  private static final DeviceSettings.Guest PLAIN = DeviceSettings.Guest.NONE;

  private static String xml(Accelerator accelerator, HostDevice... devices) {
    var spec =
        spec(
            Specs.ONE_CPU,
            Firmware.Type.UEFI,
            disk("root", Bus.Virtio, null),
            disk("rescue", Bus.Virtio, 5));
    var xml = DomainPlanner.plan(spec, prepared(spec, accelerator, List.of(devices))).toXml();
    LibvirtSchema.validate(xml);
    return xml;
  }

  private static String of(String xml, String path) {
    return LibvirtSchema.text(xml, path);
  }

  private static DeviceSettings.Guest settings(
      Boolean rom, String romFile, String address, Integer bootOrder) {
    return new DeviceSettings.Guest(
        rom,
        romFile,
        address == null ? null : PciAddress.parse(address),
        bootOrder,
        null,
        null,
        null);
  }

  /// libvirt would bind and unbind it itself, beside the claim's preparation.
  @Test
  void libvirtDoesNotManageIt() {
    var xml =
        xml(
            Accelerator.KVM,
            new HostDevice.Function(GPU, 0, PLAIN),
            new HostDevice.Mediated("4b20d080-1b54-4048-85b3-a6a62d165c01", PLAIN),
            new HostDevice.Usb(3, 7, PLAIN));
    assertThat(of(xml, "count(//hostdev)")).isEqualTo("3");
    assertThat(of(xml, "count(//hostdev[@managed='no'])")).isEqualTo("3");
    assertThat(of(xml, "//hostdev[@type='pci']/source/address/@bus")).isEqualTo("0x81");
    assertThat(of(xml, "//hostdev[@type='mdev']/source/address/@uuid")).startsWith("4b20d080");
    assertThat(of(xml, "//hostdev[@type='usb']/source/address/@device")).isEqualTo("7");
  }

  @Test
  void aGuestHasUsbOnlyForAUsbDevice() {
    assertThat(of(xml(Accelerator.KVM), "//controller[@type='usb']/@model")).isEqualTo("none");
    assertThat(
            of(
                xml(Accelerator.KVM, new HostDevice.Usb(3, 7, PLAIN)),
                "//controller[@type='usb']/@model"))
        .isEqualTo("qemu-xhci");
  }

  @Test
  void itBootsInItsOrderAmongTheDisksAndNotWithoutOne() {
    var booting = new HostDevice.Function(GPU, 0, settings(null, null, null, 2));
    var not = new HostDevice.Function(GPU.plus(8), 0, PLAIN);
    var xml = xml(Accelerator.KVM, not, booting);
    assertThat(of(xml, "//hostdev[boot]/boot/@order")).isEqualTo("1");
    assertThat(of(xml, "//disk[serial='rescue']/boot/@order")).isEqualTo("2");
    assertThat(of(xml, "//disk[serial='root']/boot/@order")).isEqualTo("3");
    assertThat(of(xml, "count(//hostdev/boot)")).isEqualTo("1");
  }

  @Test
  void functionsThatGoTogetherAreOneDeviceAtTheAddressAskedFor() {
    var settings = settings(null, null, "0000:05:00.0", null);
    var xml =
        xml(
            Accelerator.KVM,
            new HostDevice.Function(GPU, 0, settings),
            new HostDevice.Function(GPU.plus(1), 1, settings));
    assertThat(of(xml, "count(//hostdev/address[@bus='0x05'][@slot='0x00'])")).isEqualTo("2");
    assertThat(of(xml, "//hostdev[1]/address/@multifunction")).isEqualTo("on");
    assertThat(of(xml, "//hostdev[2]/address/@function")).isEqualTo("0x1");
  }

  @Test
  void itsOptionRomIsTheOneAskedForOrHidden() {
    var replaced = new HostDevice.Function(GPU, 0, settings(null, "vbios.rom", null, null));
    var hidden = new HostDevice.Function(GPU, 0, settings(false, "vbios.rom", null, null));
    assertThat(of(xml(Accelerator.KVM, replaced), "//hostdev/rom/@file"))
        .isEqualTo("/var/lib/bulkhead/roms/vbios.rom");
    assertThat(of(xml(Accelerator.KVM, hidden), "//hostdev/rom/@enabled")).isEqualTo("no");
    assertThat(of(xml(Accelerator.KVM, hidden), "count(//hostdev/rom/@file)")).isEqualTo("0");
  }

  @Test
  void aPrimaryDisplayIsTheOnlyOne() {
    var primary = new DeviceSettings.Guest(null, null, null, null, true, null, null);
    var xml = xml(Accelerator.KVM, new HostDevice.Function(GPU, 0, primary));
    assertThat(of(xml, "count(//video) + count(//graphics)")).isEqualTo("0");
    var beside = xml(Accelerator.KVM, new HostDevice.Function(GPU, 0, PLAIN));
    assertThat(of(beside, "count(//video)")).isEqualTo("1");
  }

  @Test
  void kvmHidesWhereADriverAsksWhatItRunsOn() {
    var shy = new DeviceSettings.Guest(null, null, null, null, null, true, "AuthenticAMD");
    var device = new HostDevice.Function(GPU, 0, shy);
    var xml = xml(Accelerator.KVM, device);
    assertThat(of(xml, "//features/kvm/hidden/@state")).isEqualTo("on");
    assertThat(of(xml, "//features/hyperv/vendor_id/@value")).isEqualTo("AuthenticAMD");
    assertThat(of(xml(Accelerator.TCG, device), "count(//features/kvm)")).isEqualTo("0");
    assertThat(
            of(
                xml(Accelerator.KVM, new HostDevice.Function(GPU, 0, PLAIN)),
                "count(//features/kvm) + count(//features/hyperv)"))
        .isEqualTo("0");
  }
}
