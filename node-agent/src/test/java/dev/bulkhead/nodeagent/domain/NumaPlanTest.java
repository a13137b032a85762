package dev.bulkhead.nodeagent.domain;

import static dev.bulkhead.nodeagent.domain.Specs.disk;
import static dev.bulkhead.nodeagent.domain.Specs.prepared;
import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachineSpec.Disk.Bus;
import dev.bulkhead.crds.VirtualMachineSpec.Firmware;
import dev.bulkhead.nodeagent.device.claim.DeviceSettings;
import dev.bulkhead.nodeagent.device.inventory.NumaNode;
import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumaPlanTest {
  private static final DeviceSettings.Guest PLAIN = DeviceSettings.Guest.NONE;
  private static final GuestSpec.Cpu FOUR_CORES = new GuestSpec.Cpu(2, 2, 2, null);
  private static final HostDevice GPU = on(3, 0x81);
  private static final HostDevice SOUND = new HostDevice.Function(address(0x81).plus(1), 1, PLAIN);
  private static final HostDevice CARD = on(1, 0x41);
  private static final HostDevice DISK = on(null, 0x05);

  private static PciAddress address(int bus) {
    return new PciAddress(0, bus, 0, 0);
  }

  private static HostDevice on(Integer node, int bus) {
    return new HostDevice.Function(address(bus), 0, PLAIN)
        .near(node == null ? null : new NumaNode(node, true));
  }

  private static String xml(GuestSpec.Cpu cpu, HostDevice... devices) {
    var spec = Specs.spec(cpu, Firmware.Type.UEFI, disk("root", Bus.Virtio, null));
    var xml = DomainPlanner.plan(spec, prepared(spec, Accelerator.KVM, List.of(devices))).toXml();
    LibvirtSchema.validate(xml);
    return xml;
  }

  private static String of(String xml, String path) {
    return LibvirtSchema.text(xml, path);
  }

  /// Index of the expander that a device is behind.
  private static String expanderOf(String xml, HostDevice device) {
    var bus = ((HostDevice.Function) device).address();
    var own =
        of(
            xml,
            "//hostdev[source/address[@bus='0x%02x'][@function='0x%x']]/address/@bus"
                .formatted(bus.bus(), bus.function()));
    return own.isEmpty()
        ? ""
        : of(xml, "//controller[@index='%d']/address/@bus".formatted(Integer.decode(own)));
  }

  private static String cellOf(String xml, HostDevice device) {
    var expander = expanderOf(xml, device);
    return expander.isEmpty()
        ? ""
        : of(
            xml,
            "//controller[@index='%d'][@model='pcie-expander-bus']/target/node"
                .formatted(Integer.decode(expander)));
  }

  @Test
  void aDeviceIsLocalToACellWhoseMemoryIsOfTheDevicesNode() {
    var xml = xml(FOUR_CORES, GPU, SOUND.near(GPU.numaNode()), DISK, CARD);
    assertThat(of(xml, "count(//numa/cell)")).isEqualTo("2");
    assertThat(cellOf(xml, CARD)).isEqualTo("0");
    assertThat(cellOf(xml, GPU)).isEqualTo("1");
    assertThat(expanderOf(xml, SOUND)).as("they go together").isEqualTo(expanderOf(xml, GPU));
    assertThat(of(xml, "//memnode[@cellid='0']/@nodeset")).isEqualTo("1");
    assertThat(of(xml, "//memnode[@cellid='1']/@nodeset")).isEqualTo("3");
    assertThat(of(xml, "count(//memnode[@mode='preferred'])")).isEqualTo("2");
    assertThat(cellOf(xml, DISK)).as("of no node").isEmpty();
    assertThat(of(xml, "count(//vcpupin)")).isEqualTo("0");
  }

  @Test
  void vcpusAndMemoryAreSplitEvenlyAndNoCoreIsCut() {
    var xml = xml(FOUR_CORES, GPU, CARD);
    assertThat(of(xml, "//cell[@id='0']/@cpus")).isEqualTo("0-3");
    assertThat(of(xml, "//cell[@id='1']/@cpus")).isEqualTo("4-7");
    assertThat(of(xml, "//cell[@id='0']/@memory")).isEqualTo("65536");
    assertThat(of(xml, "//cell[@id='1']/@memory")).isEqualTo("65536");

    var uneven = xml(new GuestSpec.Cpu(3, 1, 2, null), GPU, CARD);
    assertThat(of(uneven, "//cell[@id='0']/@cpus")).isEqualTo("0-1");
    assertThat(of(uneven, "//cell[@id='1']/@cpus")).isEqualTo("2-5");
  }

  @Test
  void aGuestOfOneCoreHasTheFirstNodeAndTheOthersDevicesOnItsMainBus() {
    var xml = xml(new GuestSpec.Cpu(1, 1, 2, null), GPU, CARD);
    assertThat(of(xml, "count(//numa/cell)")).isEqualTo("1");
    assertThat(of(xml, "//cell/@cpus")).isEqualTo("0-1");
    assertThat(cellOf(xml, CARD)).isEqualTo("0");
    assertThat(cellOf(xml, GPU)).isEmpty();
    assertThat(of(xml, "count(//hostdev)")).isEqualTo("2");
  }

  @Test
  void aDeviceStaysWhereItsClaimPutItAndLocalToNothing() {
    var settings = new DeviceSettings.Guest(null, null, address(0x1f), null, null, null, null);
    var xml = xml(FOUR_CORES, GPU.with(settings), CARD);
    assertThat(of(xml, "count(//numa/cell)")).isEqualTo("1");
    assertThat(of(xml, "//hostdev[source/address/@bus='0x81']/address/@bus")).isEqualTo("0x1f");
    assertThat(of(xml, "//controller[@model='pcie-expander-bus']/@index"))
        .as("the first that libvirt makes no port for")
        .isEqualTo("32");
    assertThat(of(xml(FOUR_CORES, GPU.with(settings)), "count(//numa) + count(//numatune)"))
        .isEqualTo("0");
  }

  /// OVMF would give no PCI device anything where ports for more than ten slots were kept.
  @Test
  void noPortsAreKeptForTheSlotsOfAGuestWithSeveralRoots() {
    var arguments = "//*[local-name()='commandline']/*[local-name()='arg'][%d]/@value";
    var xml = xml(FOUR_CORES, GPU);
    assertThat(of(xml, arguments.formatted(1))).isEqualTo("-global");
    assertThat(of(xml, arguments.formatted(2))).isEqualTo("pcie-root-port.io-reserve=0");
    assertThat(of(xml(FOUR_CORES, DISK), "count(//*[local-name()='commandline'])")).isEqualTo("0");
  }

  /// QEMU would refuse to start: mbind(2) knows no such memory.
  @Test
  void theMemoryOfACellIsAnywhereIfItsNodeLendsNone() {
    var xml = xml(FOUR_CORES, GPU.near(new NumaNode(3, false)));
    assertThat(cellOf(xml, GPU)).isEqualTo("0");
    assertThat(of(xml, "count(//numatune)")).isEqualTo("0");
  }

  @Test
  void usbDevicesAreLocalToNothing() {
    var stick = new HostDevice.Usb(3, 7, PLAIN).near(new NumaNode(1, true));
    assertThat(of(xml(FOUR_CORES, stick), "count(//numa)")).isEqualTo("0");
  }

  @Test
  void whereDevicesAreDependsOnTheirCellAndTheirPlaceInItAlone() {
    var xml = xml(FOUR_CORES, CARD, GPU, on(3, 0x82));
    var other = xml(FOUR_CORES, GPU, on(3, 0x82), CARD);
    assertThat(xml).isEqualTo(other);
    assertThat(of(xml, "//controller[target/node='0']/target/@busNr")).isEqualTo("224");
    assertThat(of(xml, "//controller[target/node='1']/target/@busNr")).isEqualTo("192");
    assertThat(of(xml, "//controller[@model='pcie-root-port'][last()]/address/@slot"))
        .isEqualTo("0x01");
  }

  @Test
  void moreDevicesThanAnExpanderHasBusesForAreOnTheMainBus() {
    var many = IntStream.range(1, 41).mapToObj(bus -> on(2, bus)).toArray(HostDevice[]::new);
    var xml = xml(FOUR_CORES, many);
    assertThat(of(xml, "count(//hostdev)")).isEqualTo("40");
    assertThat(of(xml, "count(//hostdev[address])")).isEqualTo("31");
  }

  @ParameterizedTest
  @CsvSource({"7, 6, 64", "2, 2, 192"})
  void upToSixNodesAreSeenAndLeaveBusNumbersForTheMainBus(int nodes, int cells, int lowest) {
    var devices =
        IntStream.range(0, nodes).mapToObj(node -> on(node, node + 1)).toArray(HostDevice[]::new);
    var xml = xml(new GuestSpec.Cpu(8, 1, 1, null), devices);
    assertThat(of(xml, "count(//numa/cell)")).isEqualTo(Integer.toString(cells));
    assertThat(of(xml, "//controller[target/node='%d']/target/@busNr".formatted(cells - 1)))
        .isEqualTo(Integer.toString(lowest));
  }

  /// Guests with no such devices are started as they were by earlier releases.
  @Test
  void aGuestWithoutDevicesOfNodesIsAsItWas() throws Exception {
    var golden = Path.of("src/test/resources/domains/devices-of-no-node.xml");
    var devices = new ArrayList<HostDevice>();
    devices.add(DISK);
    devices.add(new HostDevice.Mediated("4b20d080-1b54-4048-85b3-a6a62d165c01", PLAIN));
    devices.add(new HostDevice.Usb(3, 7, PLAIN));
    var xml = xml(FOUR_CORES, devices.toArray(HostDevice[]::new));
    assertThat(xml).isEqualTo(Files.readString(golden));
  }
}
