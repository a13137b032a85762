package dev.bulkhead.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.bulkhead.crds.VirtualMachineSpec.Disk.Bus;
import dev.bulkhead.crds.VirtualMachineSpec.Firmware;
import dev.bulkhead.crds.VirtualMachineSpec.Iommu;
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.RoundingMode;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// The exact guest that a pod was made for: parsed from the VM once, by the operator, carried in
/// the pod's annotation `Contract.GUEST_ANNOTATION`, and acted on by the node agent, which never
/// looks at the VM itself. Immutable, defaults filled in, sizes in bytes, so that two are equal
/// exactly when their guests are.
///
/// Operator and agent may be of different releases. So this record only ever grows: a field keeps
/// its name and meaning, a reader ignores fields that it does not know, and gives the ones that are
/// missing the value they had before they existed.
///
/// @param format the lowest version of this record that knows all this guest needs. A guest that
///     would be wrong without some new field has that field's format; every other guest keeps an
///     older one, so that older agents run it. An agent starts no guest of a format above its own
/// @param vmUid uid of the VirtualMachine: the guest's own UUID, the same over all its lives
/// @param devices null for none
/// @param interfaceBandwidth bytes per second in each direction, null for no limit
/// @param iommu null for none
@JsonInclude(JsonInclude.Include.NON_NULL)
public record GuestSpec(
    int format,
    String namespace,
    String name,
    String vmUid,
    Cpu cpu,
    long memoryBytes,
    Firmware.Type firmware,
    Kernel kernel,
    List<Disk> disks,
    String interfaceName,
    Long interfaceBandwidth,
    CloudInit cloudInit,
    List<Device> devices,
    Iommu iommu) {

  public static final int FORMAT = 4;

  private static final int WITHOUT_IOMMU = 3;
  private static final int WITHOUT_DEVICES = 2;
  private static final int WITHOUT_LIMITS = 1;

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .build();

  public GuestSpec {
    required(namespace, "namespace");
    required(name, "name");
    required(vmUid, "vmUid");
    required(cpu, "cpu");
    firmware = orElse(firmware, Firmware.Type.BIOS);
    interfaceName = orElse(interfaceName, "default");
    disks = disks == null ? List.of() : List.copyOf(disks);
    devices = devices == null || devices.isEmpty() ? null : List.copyOf(devices);
  }

  /// A claim's devices, all of them for the guest. The claim's name is in the pod, which has it
  /// under this name.
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Device(String name, String claim, String claimTemplate) {
    /// As the CRD's.
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?");

    public Device {
      if (!NAME.matcher(required(name, "a device's name")).matches()) {
        throw new IllegalArgumentException("a device cannot be named \"" + name + "\"");
      }
      if ((claim == null) == (claimTemplate == null)) {
        throw new IllegalArgumentException(
            "device " + name + " needs exactly one of a claim and a claim's template");
      }
    }
  }

  /// Virtual CPUs.
  ///
  /// @param model null for HostModel
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Cpu(int cores, int sockets, int threads, String model) {
    public Cpu {
      sockets = sockets == 0 ? 1 : sockets;
      threads = threads == 0 ? 1 : threads;
    }

    public int vcpus() {
      return cores * sockets * threads;
    }
  }

  /// Direct boot.
  ///
  /// @param image OCI reference, mounted at `/volumes/kernel`
  /// @param initrdPath null for none
  /// @param args null for none
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Kernel(String image, String path, String initrdPath, String args) {
    public Kernel {
      required(path, "kernel.path");
    }
  }

  /// Exactly one of `image` and `emptyBytes` is set.
  ///
  /// @param image OCI reference, mounted at `/volumes/disks/<name>`
  /// @param imagePath path in it, null for the only file under `/disk`
  /// @param bootOrder null for after all that have one
  /// @param iops requests per second, null for no limit
  /// @param bandwidth bytes per second, null for no limit
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Disk(
      String name,
      String image,
      String imagePath,
      Long emptyBytes,
      Bus bus,
      Integer bootOrder,
      Integer iops,
      Long bandwidth) {
    /// As the CRD's. It becomes part of paths on the node, and a pod may be made by anybody.
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?");

    public Disk {
      if (!NAME.matcher(required(name, "a disk's name")).matches()) {
        throw new IllegalArgumentException("a disk cannot be named \"" + name + "\"");
      }
      if ((image == null) == (emptyBytes == null)) {
        throw new IllegalArgumentException(
            "disk " + name + " needs exactly one source: either image or empty");
      }
      bus = orElse(bus, Bus.Virtio);
    }
  }

  /// Exactly one is set. The secret's content is never here: kubelet mounts it for the agent.
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record CloudInit(String userData, String secretName) {
    public CloudInit {
      if ((userData == null) == (secretName == null)) {
        throw new IllegalArgumentException(
            "cloudInit needs exactly one of userData and userDataSecret");
      }
    }
  }

  /// Reads what the API server has validated and defaulted.
  ///
  /// @throws IllegalArgumentException with the field at fault, for a VM that was written past
  ///     validation
  public static GuestSpec from(VirtualMachine vm) {
    var spec = required(vm.getSpec(), "spec");
    var cpu = required(spec.getCpu(), "spec.cpu");
    var memory = required(spec.getMemory(), "spec.memory");
    withoutGaps(spec.getDisks(), "spec.disks");
    withoutGaps(spec.getInterfaces(), "spec.interfaces");
    var wire =
        spec.getInterfaces() == null || spec.getInterfaces().isEmpty()
            ? null
            : spec.getInterfaces().getFirst();
    return new GuestSpec(
        format(spec),
        vm.getMetadata().getNamespace(),
        vm.getMetadata().getName(),
        vm.getMetadata().getUid(),
        new Cpu(
            required(cpu.getCores(), "spec.cpu.cores"),
            orElse(cpu.getSockets(), 1),
            orElse(cpu.getThreads(), 1),
            "HostModel".equals(cpu.getModel()) ? null : cpu.getModel()),
        bytes(memory.getSize(), "spec.memory.size"),
        spec.getFirmware() == null
            ? Firmware.Type.BIOS
            : orElse(spec.getFirmware().getType(), Firmware.Type.BIOS),
        spec.getKernel() == null
            ? null
            : new Kernel(
                spec.getKernel().getImage(),
                orElse(spec.getKernel().getPath(), "/boot/vmlinuz"),
                spec.getKernel().getInitrdPath(),
                spec.getKernel().getArgs()),
        spec.getDisks() == null
            ? List.of()
            : spec.getDisks().stream().map(GuestSpec::disk).toList(),
        wire == null ? "default" : wire.getName(),
        wire == null ? null : bandwidth(wire),
        spec.getCloudInit() == null
            ? null
            : new CloudInit(
                spec.getCloudInit().getUserData(),
                spec.getCloudInit().getUserDataSecret() == null
                    ? null
                    : spec.getCloudInit().getUserDataSecret().getName()),
        devices(spec),
        spec.getIommu());
  }

  /// Those of a VM's spec, in its order; none for null.
  ///
  /// @throws IllegalArgumentException as for `from`
  public static List<Device> devices(VirtualMachineSpec spec) {
    withoutGaps(spec.getDevices(), "spec.devices");
    return spec.getDevices() == null
        ? List.of()
        : spec.getDevices().stream().map(GuestSpec::device).toList();
  }

  private static Device device(VirtualMachineSpec.Device device) {
    var name = device.getName();
    var claim = required(device.getClaim(), "spec.devices[" + name + "].claim");
    return new Device(name, claim.getName(), claim.getTemplate());
  }

  private static int format(VirtualMachineSpec spec) {
    var disks = spec.getDisks();
    var interfaces = spec.getInterfaces();
    boolean limited =
        (disks != null && disks.stream().anyMatch(disk -> disk.getLimits() != null))
            || (interfaces != null
                && interfaces.stream().anyMatch(wire -> wire.getLimits() != null));
    if (spec.getIommu() != null) {
      return FORMAT;
    }
    if (spec.getDevices() != null && !spec.getDevices().isEmpty()) {
      return WITHOUT_IOMMU;
    }
    return limited ? WITHOUT_DEVICES : WITHOUT_LIMITS;
  }

  private static Long bandwidth(VirtualMachineSpec.Interface wire) {
    return wire.getLimits() == null
        ? null
        : bytes(
            wire.getLimits().getBandwidth(),
            "spec.interfaces[" + wire.getName() + "].limits.bandwidth");
  }

  private static Disk disk(VirtualMachineSpec.Disk disk) {
    var limits = disk.getLimits();
    return new Disk(
        disk.getName(),
        disk.getImage() == null ? null : disk.getImage().getReference(),
        disk.getImage() == null ? null : disk.getImage().getPath(),
        disk.getEmpty() == null
            ? null
            : bytes(disk.getEmpty().getSize(), "spec.disks[" + disk.getName() + "].empty.size"),
        orElse(disk.getBus(), Bus.Virtio),
        disk.getBootOrder(),
        limits == null ? null : limits.getIops(),
        limits == null || limits.getBandwidth() == null
            ? null
            : bytes(limits.getBandwidth(), "spec.disks[" + disk.getName() + "].limits.bandwidth"));
  }

  /// Rounded up to whole bytes: quantities such as 0.1Gi are no whole number of them.
  private static long bytes(String quantity, String field) {
    try {
      return new Quantity(required(quantity, field))
          .getNumericalAmount()
          .setScale(0, RoundingMode.CEILING)
          .longValueExact();
    } catch (ArithmeticException tooLarge) {
      throw new IllegalArgumentException(field + " is out of all bounds: " + quantity, tooLarge);
    }
  }

  private static void withoutGaps(List<?> entries, String field) {
    for (int i = 0; entries != null && i < entries.size(); i++) {
      required(entries.get(i), field + "[" + i + "]");
    }
  }

  private static <T> T required(T value, String field) {
    if (value == null) {
      throw new IllegalArgumentException(field + " is missing");
    }
    return value;
  }

  private static <T> T orElse(T value, T otherwise) {
    return value == null ? otherwise : value;
  }

  public String toJson() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Empty when the text is no guest spec, or one of a newer format than this code knows.
  public static Optional<GuestSpec> parse(String json) {
    try {
      return isKnown(formatOf(json))
          ? Optional.ofNullable(JSON.readValue(json, GuestSpec.class))
          : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  private static boolean isKnown(int format) {
    return format >= 1 && format <= FORMAT;
  }

  /// Which format a guest spec says it has, whatever else is in it; 0 for a text that says none.
  public static int formatOf(String json) {
    try {
      return JSON.readTree(json).path("format").asInt(0);
    } catch (JsonProcessingException e) {
      return 0;
    }
  }
}
