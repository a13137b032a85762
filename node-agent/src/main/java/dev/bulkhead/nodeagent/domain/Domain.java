package dev.bulkhead.nodeagent.domain;

import dev.bulkhead.nodeagent.device.claim.DeviceSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;

/// A libvirt domain as a value: what a guest is made of, and no way to say it wrongly. It does not
/// know Kubernetes; `DomainPlanner` makes it from a guest's spec.
///
/// @param uuid the guest's own, the same over all its lives
/// @param pod the uid of the pod it lives in, kept in the domain's metadata
/// @param user that its QEMU runs as; null for libvirtd's own choice, which all share
/// @param memoryKiB guest memory, in KiB
/// @param cells all vCPUs and memory in NUMA nodes; none for a guest that is to see nothing of that
public record Domain(
    String name,
    String uuid,
    String pod,
    Accelerator accelerator,
    QemuUser user,
    long memoryKiB,
    CpuModel cpu,
    CpuModel.Topology topology,
    List<NumaCell> cells,
    Boot boot,
    List<Device> devices) {

  /// Of the metadata element by which a domain is known as one of ours.
  public static final String METADATA_NAMESPACE = "https://bulkhead.dev/domain/1";

  private static final String QEMU_NAMESPACE = "http://libvirt.org/schemas/domain/qemu/1.0";

  /// QEMU's own default is a fifth of the guest's memory or more, which would not fit into the
  /// pod's memory limit; 32 MiB holds a Linux kernel's working set.
  public static final int TCG_CACHE_MIB = 32;

  public Domain {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(boot, "boot");
    cells = List.copyOf(cells);
    devices = List.copyOf(devices);
  }

  /// Throws `UnencodableTextException` for text that XML has no way to carry.
  public String toXml() {
    return XmlSerializer.serialize(element());
  }

  private Element element() {
    var domain =
        Element.of(
                "domain",
                Element.text("name", name),
                Element.text("uuid", uuid),
                Element.of("metadata", Element.of("pod").in(METADATA_NAMESPACE).with("uid", pod)),
                Element.text("memory", Long.toString(memoryKiB)).with("unit", "KiB"),
                Element.text("vcpu", Integer.toString(topology.vcpus()))
                    .with("placement", "static"),
                boot.element(),
                features(),
                cpuElement(),
                clock(),
                Element.text("on_poweroff", "destroy"),
                Element.text("on_reboot", "restart"),
                Element.text("on_crash", "destroy"),
                powerManagement(),
                devicesElement())
            .with("type", accelerator == Accelerator.KVM ? "kvm" : "qemu");
    var labelled = user == null ? domain : domain.add(securityLabel(user));
    var tuned = cells.stream().filter(cell -> cell.hostNode() != null).map(NumaCell::tuning);
    var tuning = Element.of("numatune").add(tuned.toList());
    var near = tuning.children().isEmpty() ? labelled : labelled.add(tuning);
    return devices.stream().anyMatch(Device.ExpanderBus.class::isInstance)
        ? near.add(withoutPortsReserved())
        : near;
  }

  /// Firmware keeps 4 KiB of the 64 KiB of I/O ports for each slot that something could come into,
  /// though PCI Express devices have to do without. OVMF has room for ten, and where there are
  /// several roots and more slots it leaves all PCI devices of the guest without resources. libvirt
  /// has no word for it (QEMU, docs/pcie.txt, 3).
  private static Element withoutPortsReserved() {
    return Element.of("commandline", argument("-global"), argument("pcie-root-port.io-reserve=0"))
        .in(QEMU_NAMESPACE);
  }

  private static Element argument(String value) {
    return Element.of("arg").with("value", value);
  }

  private Element cpuElement() {
    var element = cpu.element(topology);
    return cells.isEmpty()
        ? element
        : element.add(Element.of("numa").add(cells.stream().map(NumaCell::element).toList()));
  }

  /// The plus says that these are numbers, not names (libvirt: seclabel).
  private static Element securityLabel(QemuUser user) {
    return Element.of("seclabel", Element.text("label", "+%1$d:+%1$d".formatted(user.id())))
        .with("type", "static")
        .with("model", "dac")
        .with("relabel", "yes");
  }

  private Element features() {
    var plain = Element.of("features", Element.of("acpi"), Element.of("apic"));
    // libvirt wants it for interrupt remapping: KVM's own controller knows none. TCG has no other.
    var features =
        devices.stream().anyMatch(Device.Iommu.class::isInstance)
            ? plain.add(Element.of("ioapic").with("driver", "qemu"))
            : plain;
    return accelerator == Accelerator.KVM
        ? features.add(disguise())
        : features.add(
            Element.of(
                "tcg",
                Element.text("tb-cache", Integer.toString(TCG_CACHE_MIB)).with("unit", "MiB")));
  }

  /// For drivers that look what they run on; TCG gives itself away anyhow.
  private List<Element> disguise() {
    var disguise = new ArrayList<Element>();
    settings()
        .map(DeviceSettings.Guest::hypervisorVendor)
        .filter(Objects::nonNull)
        .findFirst()
        .ifPresent(
            vendor ->
                disguise.add(
                    Element.of(
                            "hyperv",
                            Element.of("vendor_id").with("state", "on").with("value", vendor))
                        .with("mode", "custom")));
    if (settings().anyMatch(guest -> Boolean.TRUE.equals(guest.hiddenHypervisor()))) {
      disguise.add(Element.of("kvm", Element.of("hidden").with("state", "on")));
    }
    return disguise;
  }

  private Stream<DeviceSettings.Guest> settings() {
    return hostDevices().map(HostDevice::settings);
  }

  /// Wherever they are in the guest.
  public Stream<HostDevice> hostDevices() {
    return devices.stream()
        .map(device -> device instanceof Device.Behind behind ? behind.device() : device)
        .filter(HostDevice.class::isInstance)
        .map(HostDevice.class::cast);
  }

  /// Timers as libosinfo advises for Linux and Windows alike: catch up after a pause, and no HPET,
  /// which wakes an idle guest.
  private static Element clock() {
    return Element.of(
            "clock",
            timer("rtc").with("tickpolicy", "catchup"),
            timer("pit").with("tickpolicy", "delay"),
            timer("hpet").with("present", "no"))
        .with("offset", "utc");
  }

  private static Element timer(String name) {
    return Element.of("timer").with("name", name);
  }

  /// A guest that suspends itself would look like one that hangs.
  private static Element powerManagement() {
    return Element.of(
        "pm",
        Element.of("suspend-to-mem").with("enabled", "no"),
        Element.of("suspend-to-disk").with("enabled", "no"));
  }

  private Element devicesElement() {
    var elements = new ArrayList<Element>();
    elements.add(Element.text("emulator", "/usr/bin/qemu-system-x86_64"));
    for (var device : devices) {
      elements.add(device.element());
      if (device instanceof Display display) {
        elements.add(display.video());
      }
    }
    return Element.of("devices").add(elements);
  }

  @Override
  public String toString() {
    return "domain %s (%s)".formatted(name, accelerator.name().toLowerCase(Locale.ROOT));
  }
}
