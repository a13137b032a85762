package dev.bulkhead.crds;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import java.util.List;
import java.util.Map;

/// What a user asks for. A mutable bean, filled by Jackson and read once at the boundary
/// (`GuestSpec.from`); no decision is made on it directly, and nothing of ours ever writes it.
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
    value = "(has(self.disks) && size(self.disks) > 0) || has(self.kernel)",
    message =
        "nothing to boot: give at least one entry in spec.disks, or spec.kernel for direct boot")
@ValidationRule(
    value = "has(self.cpu) && has(self.memory)",
    message =
        "spec.cpu and spec.memory are required, for example cpu: {cores: 1}, memory: {size: 512Mi}")
public class VirtualMachineSpec {
  /// A quantity is a string here, never a number: only of a string with a limit can the API server
  /// tell beforehand that a CEL rule on it is cheap enough.
  private static final int QUANTITY_CHARACTERS = 32;

  private static final String INSIDE_THE_IMAGE = "!('..' in self.split('/'))";
  private static final String INSIDE_THE_IMAGE_MESSAGE =
      "a path is absolute inside its image, without '..'";

  private static final String BANDWIDTH =
      "isQuantity(self) && quantity(self).compareTo(quantity('64Ki')) >= 0 &&"
          + " quantity(self).compareTo(quantity('1Ti')) <= 0";
  private static final String BANDWIDTH_MESSAGE =
      "a bandwidth must be a quantity of bytes per second from 64Ki to 1Ti, for example 50Mi";

  public enum Power {
    Running,
    Stopped,
    Paused
  }

  public enum RestartPolicy {
    Always,
    OnFailure,
    Never
  }

  public enum Iommu {
    Intel
  }

  @JsonPropertyDescription(
      "Whether the guest should run: Running, Stopped (shut down, its pod gone) or Paused (in"
          + " memory, its vCPUs halted).")
  @Default("Running")
  private Power power;

  @JsonPropertyDescription(
      "What follows when the guest powers itself off or crashes: Always (start it again),"
          + " OnFailure (only after a crash), Never. A reboot from inside the guest is not an end"
          + " and always stays in place.")
  @Default("Always")
  private RestartPolicy restartPolicy;

  @JsonPropertyDescription("Virtual CPUs. The guest sees cores x sockets x threads of them.")
  private Cpu cpu;

  @JsonPropertyDescription("Guest memory.")
  private Memory memory;

  @JsonPropertyDescription("What the guest boots with.")
  private Firmware firmware;

  @JsonPropertyDescription(
      "Direct boot of a Linux kernel taken from an OCI image, without a boot loader.")
  private Kernel kernel;

  @JsonPropertyDescription(
      "Disks. Each entry is one disk and has exactly one source (image or empty). The first is"
          + " booted unless bootOrder says otherwise.")
  @Size(max = 32)
  @ValidationRule(
      value =
          "self.all(d, !has(d.bootOrder) || self.exists_one(e, has(e.bootOrder) && e.bootOrder == d.bootOrder))",
      message = "two entries of spec.disks have the same bootOrder: make each number unique")
  private List<Disk> disks;

  @JsonPropertyDescription(
      "Network interfaces. None given: one on the pod network. At most one for now.")
  @Size(max = 1)
  private List<Interface> interfaces;

  @JsonPropertyDescription(
      "Hardware of the node for the guest alone, by dynamic resource allocation"
          + " (docs/passthrough.md).")
  @Size(max = 16)
  @ValidationRule(
      value = "self.all(d, self.exists_one(e, e.name == d.name))",
      message = "two entries of spec.devices have the same name: make each name unique")
  private List<Device> devices;

  @JsonPropertyDescription(
      "An IOMMU for the guest, by its model: Intel (VT-d, whatever the node's processor is). For"
          + " guests that give devices of theirs away: to programs that drive them by VFIO, as DPDK"
          + " does, or to virtual machines inside the guest. Default: none.")
  private Iommu iommu;

  @JsonPropertyDescription("First-boot configuration, offered to the guest as a NoCloud disk.")
  private CloudInit cloudInit;

  @JsonPropertyDescription("As a pod's: labels that a node must have.")
  private Map<String, String> nodeSelector;

  @JsonPropertyDescription("As a pod's.")
  private Affinity affinity;

  @JsonPropertyDescription("As a pod's.")
  private List<Toleration> tolerations;

  @JsonPropertyDescription("As a pod's.")
  private List<TopologySpreadConstraint> topologySpreadConstraints;

  @JsonPropertyDescription("As a pod's.")
  private String priorityClassName;

  @JsonPropertyDescription("As a pod's.")
  private String schedulerName;

  @JsonPropertyDescription(
      "Seconds that the guest gets for a clean shutdown before its power is cut. Default 60.")
  @Min(0)
  @Max(86_400)
  @Default("60")
  private Long terminationGracePeriodSeconds;

  /// 255: APIC ids are 8 bits wide without an IOMMU with extended interrupt mode (Intel SDM 3A,
  /// 11.4.6).
  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @ValidationRule(
      value =
          "self.cores * (has(self.sockets) ? self.sockets : 1) * (has(self.threads) ? self.threads : 1) <= 255",
      message = "cores x sockets x threads must be at most 255")
  public static class Cpu {
    @JsonPropertyDescription("Cores per socket, 1 to 255.")
    @Required
    @Min(1)
    @Max(255)
    private Integer cores;

    @JsonPropertyDescription("Sockets, 1 to 255. Default 1.")
    @Min(1)
    @Max(255)
    private Integer sockets;

    @JsonPropertyDescription("Threads per core, 1 to 8. Default 1.")
    @Min(1)
    @Max(8)
    private Integer threads;

    @JsonPropertyDescription(
        "HostModel (the node's CPU, named so that similar nodes can run it; default),"
            + " HostPassthrough (exactly the node's CPU), Baseline (x86-64-v2, runs on any node), or"
            + " a model that QEMU knows, such as EPYC or Skylake-Server.")
    @Pattern("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")
    private String model;

    public Integer getCores() {
      return cores;
    }

    public void setCores(Integer cores) {
      this.cores = cores;
    }

    public Integer getSockets() {
      return sockets;
    }

    public void setSockets(Integer sockets) {
      this.sockets = sockets;
    }

    public Integer getThreads() {
      return threads;
    }

    public void setThreads(Integer threads) {
      this.threads = threads;
    }

    public String getModel() {
      return model;
    }

    public void setModel(String model) {
      this.model = model;
    }
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static class Memory {
    @JsonPropertyDescription("Guest memory as a quantity, such as 512Mi or 4Gi; 16Mi to 16Ti.")
    @Required
    @ValidationRule(
        value =
            "isQuantity(self) && quantity(self).compareTo(quantity('16Mi')) >= 0 &&"
                + " quantity(self).compareTo(quantity('16Ti')) <= 0",
        message = "spec.memory.size must be a quantity from 16Mi to 16Ti, for example 512Mi or 4Gi")
    @Size(max = QUANTITY_CHARACTERS)
    private String size;

    public String getSize() {
      return size;
    }

    public void setSize(String size) {
      this.size = size;
    }
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static class Firmware {
    public enum Type {
      BIOS,
      UEFI
    }

    @JsonPropertyDescription("BIOS (SeaBIOS) or UEFI (OVMF). Default BIOS.")
    @Default("BIOS")
    private Type type;

    public Type getType() {
      return type;
    }

    public void setType(Type type) {
      this.type = type;
    }
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static class Kernel {
    @JsonPropertyDescription("OCI image that holds kernel and initial ramdisk.")
    @Required
    @Size(min = 1, max = 1024)
    private String image;

    @JsonPropertyDescription("Path of the kernel in that image. Default /boot/vmlinuz.")
    @Default("/boot/vmlinuz")
    @Pattern("^/[^\\x00-\\x1f]*$")
    @ValidationRule(value = INSIDE_THE_IMAGE, message = INSIDE_THE_IMAGE_MESSAGE)
    @Size(max = 1024)
    private String path;

    @JsonPropertyDescription("Path of the initial ramdisk in that image. Default: none.")
    @Pattern("^/[^\\x00-\\x1f]*$")
    @ValidationRule(value = INSIDE_THE_IMAGE, message = INSIDE_THE_IMAGE_MESSAGE)
    @Size(max = 1024)
    private String initrdPath;

    @JsonPropertyDescription("Kernel command line, at most 2048 characters on one line.")
    @Size(max = 2048)
    @Pattern("^[^\\x00-\\x1f\\x7f]*$")
    private String args;

    public String getImage() {
      return image;
    }

    public void setImage(String image) {
      this.image = image;
    }

    public String getPath() {
      return path;
    }

    public void setPath(String path) {
      this.path = path;
    }

    public String getInitrdPath() {
      return initrdPath;
    }

    public void setInitrdPath(String initrdPath) {
      this.initrdPath = initrdPath;
    }

    public String getArgs() {
      return args;
    }

    public void setArgs(String args) {
      this.args = args;
    }
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static class Device {
    @JsonPropertyDescription("Name of the entry, unique in this VM.")
    @Required
    @Size(max = 32)
    @Pattern("^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$")
    private String name;

    @JsonPropertyDescription("Which claim brings the devices; the guest gets all of them.")
    @Required
    private DeviceClaim claim;

    public String getName() {
      return name;
    }

    public void setName(String name) {
      this.name = name;
    }

    public DeviceClaim getClaim() {
      return claim;
    }

    public void setClaim(DeviceClaim claim) {
      this.claim = claim;
    }
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @ValidationRule(
      value = "(has(self.name) ? 1 : 0) + (has(self.template) ? 1 : 0) == 1",
      message =
          "claim needs exactly one of name (a ResourceClaim) and template (a"
              + " ResourceClaimTemplate)")
  public static class DeviceClaim {
    @JsonPropertyDescription(
        "A ResourceClaim of the VM's namespace. It keeps its devices while the VM is stopped.")
    @Size(min = 1, max = 253)
    private String name;

    @JsonPropertyDescription(
        "A ResourceClaimTemplate of the VM's namespace: a claim is made from it at each start, and"
            + " goes when the VM stops.")
    @Size(min = 1, max = 253)
    private String template;

    public String getName() {
      return name;
    }

    public void setName(String name) {
      this.name = name;
    }

    public String getTemplate() {
      return template;
    }

    public void setTemplate(String template) {
      this.template = template;
    }
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @ValidationRule(
      value = "(has(self.image) ? 1 : 0) + (has(self.empty) ? 1 : 0) == 1",
      message = "a disk needs exactly one source: either image or empty")
  public static class Disk {
    public enum Bus {
      Virtio,
      SCSI,
      SATA
    }

    @JsonPropertyDescription("Name of the disk, unique in this VM; also its serial number.")
    @Required
    @Pattern("^[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?$")
    private String name;

    @JsonPropertyDescription(
        "A disk image in an OCI image, mounted by kubelet. The guest writes to a throw-away overlay"
            + " over it.")
    private ImageSource image;

    @JsonPropertyDescription("An empty disk that lives as long as the VM's pod.")
    private EmptySource empty;

    @JsonPropertyDescription("How the guest sees the disk: Virtio (default), SCSI or SATA.")
    @Default("Virtio")
    private Bus bus;

    @JsonPropertyDescription("1 is tried first. Disks without it come after those with it.")
    @Min(1)
    @Max(1000)
    private Integer bootOrder;

    @JsonPropertyDescription(
        "What the guest may ask of this disk, reads and writes together. Default: no limit.")
    private DiskLimits limits;

    public String getName() {
      return name;
    }

    public void setName(String name) {
      this.name = name;
    }

    public ImageSource getImage() {
      return image;
    }

    public void setImage(ImageSource image) {
      this.image = image;
    }

    public EmptySource getEmpty() {
      return empty;
    }

    public void setEmpty(EmptySource empty) {
      this.empty = empty;
    }

    public Bus getBus() {
      return bus;
    }

    public void setBus(Bus bus) {
      this.bus = bus;
    }

    public Integer getBootOrder() {
      return bootOrder;
    }

    public void setBootOrder(Integer bootOrder) {
      this.bootOrder = bootOrder;
    }

    public DiskLimits getLimits() {
      return limits;
    }

    public void setLimits(DiskLimits limits) {
      this.limits = limits;
    }
  }

  /// The least that a guest still boots with in minutes, the most that QEMU's throttle takes on any
  /// machine (its own limit is 10^15).
  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @ValidationRule(
      value = "has(self.iops) || has(self.bandwidth)",
      message = "limits of a disk are at least one of iops and bandwidth")
  public static class DiskLimits {
    @JsonPropertyDescription("Requests per second, 10 to 10000000.")
    @Min(10)
    @Max(10_000_000)
    private Integer iops;

    @JsonPropertyDescription("Bytes per second as a quantity, 64Ki to 1Ti, such as 50Mi.")
    @ValidationRule(value = BANDWIDTH, message = BANDWIDTH_MESSAGE)
    @Size(max = QUANTITY_CHARACTERS)
    private String bandwidth;

    public Integer getIops() {
      return iops;
    }

    public void setIops(Integer iops) {
      this.iops = iops;
    }

    public String getBandwidth() {
      return bandwidth;
    }

    public void setBandwidth(String bandwidth) {
      this.bandwidth = bandwidth;
    }
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static class ImageSource {
    @JsonPropertyDescription("OCI image that holds the disk image.")
    @Required
    @Size(min = 1, max = 1024)
    private String reference;

    @JsonPropertyDescription(
        "Path of the disk image (qcow2 or raw) in it. Default: the only file under /disk.")
    @Pattern("^/[^\\x00-\\x1f]*$")
    @ValidationRule(value = INSIDE_THE_IMAGE, message = INSIDE_THE_IMAGE_MESSAGE)
    @Size(max = 1024)
    private String path;

    public String getReference() {
      return reference;
    }

    public void setReference(String reference) {
      this.reference = reference;
    }

    public String getPath() {
      return path;
    }

    public void setPath(String path) {
      this.path = path;
    }
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static class EmptySource {
    @JsonPropertyDescription("Size as a quantity, 1Mi to 64Ti.")
    @Required
    @ValidationRule(
        value =
            "isQuantity(self) && quantity(self).compareTo(quantity('1Mi')) >= 0 &&"
                + " quantity(self).compareTo(quantity('64Ti')) <= 0",
        message = "the size of an empty disk must be a quantity from 1Mi to 64Ti, for example 10Gi")
    @Size(max = QUANTITY_CHARACTERS)
    private String size;

    public String getSize() {
      return size;
    }

    public void setSize(String size) {
      this.size = size;
    }
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @ValidationRule(value = "has(self.pod)", message = "an interface needs its network: pod: {}")
  public static class Interface {
    @JsonPropertyDescription("Name of the interface, unique in this VM.")
    @Required
    @Pattern("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
    private String name;

    @JsonPropertyDescription("The pod network: the guest answers at the pod's IP.")
    private PodNetwork pod;

    @JsonPropertyDescription(
        "What may pass, in each of both directions. Default: no limit but the node's.")
    private InterfaceLimits limits;

    public String getName() {
      return name;
    }

    public void setName(String name) {
      this.name = name;
    }

    public PodNetwork getPod() {
      return pod;
    }

    public void setPod(PodNetwork pod) {
      this.pod = pod;
    }

    public InterfaceLimits getLimits() {
      return limits;
    }

    public void setLimits(InterfaceLimits limits) {
      this.limits = limits;
    }
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static class InterfaceLimits {
    @JsonPropertyDescription(
        "Bytes per second as a quantity, 64Ki to 1Ti, such as 10Mi. What is more is dropped, as on a"
            + " slow wire.")
    @Required
    @ValidationRule(value = BANDWIDTH, message = BANDWIDTH_MESSAGE)
    @Size(max = QUANTITY_CHARACTERS)
    private String bandwidth;

    public String getBandwidth() {
      return bandwidth;
    }

    public void setBandwidth(String bandwidth) {
      this.bandwidth = bandwidth;
    }
  }

  /// Empty on purpose: `pod: {}` says all there is to say.
  @JsonInclude(JsonInclude.Include.ALWAYS)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public static class PodNetwork {}

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @ValidationRule(
      value = "(has(self.userData) ? 1 : 0) + (has(self.userDataSecret) ? 1 : 0) == 1",
      message = "spec.cloudInit needs exactly one of userData and userDataSecret")
  public static class CloudInit {
    @JsonPropertyDescription(
        "cloud-init user data, in the open, at most 32768 characters. For more, or for anything"
            + " secret, use userDataSecret.")
    @Size(max = 32_768)
    private String userData;

    @JsonPropertyDescription(
        "A Secret in the same namespace whose key userData holds the user data.")
    private SecretReference userDataSecret;

    public String getUserData() {
      return userData;
    }

    public void setUserData(String userData) {
      this.userData = userData;
    }

    public SecretReference getUserDataSecret() {
      return userDataSecret;
    }

    public void setUserDataSecret(SecretReference userDataSecret) {
      this.userDataSecret = userDataSecret;
    }
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static class SecretReference {
    @Required
    @Pattern("^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")
    private String name;

    public String getName() {
      return name;
    }

    public void setName(String name) {
      this.name = name;
    }
  }

  public Power getPower() {
    return power;
  }

  public void setPower(Power power) {
    this.power = power;
  }

  public RestartPolicy getRestartPolicy() {
    return restartPolicy;
  }

  public void setRestartPolicy(RestartPolicy restartPolicy) {
    this.restartPolicy = restartPolicy;
  }

  public Cpu getCpu() {
    return cpu;
  }

  public void setCpu(Cpu cpu) {
    this.cpu = cpu;
  }

  public Memory getMemory() {
    return memory;
  }

  public void setMemory(Memory memory) {
    this.memory = memory;
  }

  public Firmware getFirmware() {
    return firmware;
  }

  public void setFirmware(Firmware firmware) {
    this.firmware = firmware;
  }

  public Kernel getKernel() {
    return kernel;
  }

  public void setKernel(Kernel kernel) {
    this.kernel = kernel;
  }

  public List<Disk> getDisks() {
    return disks;
  }

  public void setDisks(List<Disk> disks) {
    this.disks = disks;
  }

  public List<Interface> getInterfaces() {
    return interfaces;
  }

  public void setInterfaces(List<Interface> interfaces) {
    this.interfaces = interfaces;
  }

  public List<Device> getDevices() {
    return devices;
  }

  public void setDevices(List<Device> devices) {
    this.devices = devices;
  }

  public Iommu getIommu() {
    return iommu;
  }

  public void setIommu(Iommu iommu) {
    this.iommu = iommu;
  }

  public CloudInit getCloudInit() {
    return cloudInit;
  }

  public void setCloudInit(CloudInit cloudInit) {
    this.cloudInit = cloudInit;
  }

  public Map<String, String> getNodeSelector() {
    return nodeSelector;
  }

  public void setNodeSelector(Map<String, String> nodeSelector) {
    this.nodeSelector = nodeSelector;
  }

  public Affinity getAffinity() {
    return affinity;
  }

  public void setAffinity(Affinity affinity) {
    this.affinity = affinity;
  }

  public List<Toleration> getTolerations() {
    return tolerations;
  }

  public void setTolerations(List<Toleration> tolerations) {
    this.tolerations = tolerations;
  }

  public List<TopologySpreadConstraint> getTopologySpreadConstraints() {
    return topologySpreadConstraints;
  }

  public void setTopologySpreadConstraints(
      List<TopologySpreadConstraint> topologySpreadConstraints) {
    this.topologySpreadConstraints = topologySpreadConstraints;
  }

  public String getPriorityClassName() {
    return priorityClassName;
  }

  public void setPriorityClassName(String priorityClassName) {
    this.priorityClassName = priorityClassName;
  }

  public String getSchedulerName() {
    return schedulerName;
  }

  public void setSchedulerName(String schedulerName) {
    this.schedulerName = schedulerName;
  }

  public Long getTerminationGracePeriodSeconds() {
    return terminationGracePeriodSeconds;
  }

  public void setTerminationGracePeriodSeconds(Long terminationGracePeriodSeconds) {
    this.terminationGracePeriodSeconds = terminationGracePeriodSeconds;
  }
}
