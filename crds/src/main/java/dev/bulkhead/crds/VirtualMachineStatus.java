package dev.bulkhead.crds;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;

/// What users see. Written by the operator alone, from the VM's pod and the report that the node
/// agent left on it (ADR 1).
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public class VirtualMachineStatus {

  /// A summary for people; programs read the conditions.
  public enum Phase {
    Stopped,
    Pending,
    Starting,
    Running,
    Paused,
    Stopping,
    Failed
  }

  @JsonPropertyDescription("A summary for people; programs read the conditions.")
  private Phase phase;

  @JsonPropertyDescription("The generation of the spec that this status speaks of.")
  private Long observedGeneration;

  @JsonPropertyDescription("The node that the VM is bound to.")
  private String node;

  @JsonPropertyDescription("What the node's agent last reported of the guest.")
  private Guest guest;

  @JsonPropertyDescription("How often the guest was started again, and why it last ended.")
  private Restarts restarts;

  @JsonPropertyDescription("Ready, Scheduled, Running, RestartRequired.")
  private List<Condition> conditions;

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static class Guest {
    @JsonPropertyDescription(
        "The state of the guest as libvirt sees it, such as Running or Paused.")
    private String state;

    @JsonPropertyDescription("The address that the guest answers at: its pod's IP.")
    private String ip;

    @JsonPropertyDescription("When the guest's vCPUs first ran, RFC 3339.")
    private String bootTime;

    @JsonPropertyDescription("KVM, or TCG where the node cannot run guests in hardware (slow).")
    private String accelerator;

    @JsonPropertyDescription("The node's devices that the guest has.")
    private List<Device> devices;

    public String getState() {
      return state;
    }

    public void setState(String state) {
      this.state = state;
    }

    public String getIp() {
      return ip;
    }

    public void setIp(String ip) {
      this.ip = ip;
    }

    public String getBootTime() {
      return bootTime;
    }

    public void setBootTime(String bootTime) {
      this.bootTime = bootTime;
    }

    public String getAccelerator() {
      return accelerator;
    }

    public void setAccelerator(String accelerator) {
      this.accelerator = accelerator;
    }

    public List<Device> getDevices() {
      return devices;
    }

    public void setDevices(List<Device> devices) {
      this.devices = devices;
    }
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static class Device {
    @JsonPropertyDescription("Name of the entry in spec.devices.")
    private String name;

    @JsonPropertyDescription(
        "Where it is on the node: a PCI address, a mediated device's UUID, or a USB port.")
    private String address;

    @JsonPropertyDescription("The IOMMU group that it is in on the node.")
    private Integer iommuGroup;

    public String getName() {
      return name;
    }

    public void setName(String name) {
      this.name = name;
    }

    public String getAddress() {
      return address;
    }

    public void setAddress(String address) {
      this.address = address;
    }

    public Integer getIommuGroup() {
      return iommuGroup;
    }

    public void setIommuGroup(Integer iommuGroup) {
      this.iommuGroup = iommuGroup;
    }
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static class Restarts {
    @JsonPropertyDescription(
        "Starts after the first, the coming one included. A run of 10 minutes begins it anew.")
    private Integer count;

    @JsonPropertyDescription("PoweredOff, Crashed, StartFailed or Evicted.")
    private String lastExitReason;

    @JsonPropertyDescription("The end of the guest's last run in words.")
    private String lastExitMessage;

    @JsonPropertyDescription("When it last ended, RFC 3339.")
    private String lastExitTime;

    @JsonPropertyDescription(
        "UID of the pod that it last ended in; each pod's end is counted once.")
    private String lastExitPod;

    @JsonPropertyDescription("When the guest is started again, RFC 3339; absent when it is not.")
    private String nextStartTime;

    public Integer getCount() {
      return count;
    }

    public void setCount(Integer count) {
      this.count = count;
    }

    public String getLastExitReason() {
      return lastExitReason;
    }

    public void setLastExitReason(String lastExitReason) {
      this.lastExitReason = lastExitReason;
    }

    public String getLastExitMessage() {
      return lastExitMessage;
    }

    public void setLastExitMessage(String lastExitMessage) {
      this.lastExitMessage = lastExitMessage;
    }

    public String getLastExitTime() {
      return lastExitTime;
    }

    public void setLastExitTime(String lastExitTime) {
      this.lastExitTime = lastExitTime;
    }

    public String getLastExitPod() {
      return lastExitPod;
    }

    public void setLastExitPod(String lastExitPod) {
      this.lastExitPod = lastExitPod;
    }

    public String getNextStartTime() {
      return nextStartTime;
    }

    public void setNextStartTime(String nextStartTime) {
      this.nextStartTime = nextStartTime;
    }
  }

  public Phase getPhase() {
    return phase;
  }

  public void setPhase(Phase phase) {
    this.phase = phase;
  }

  public Long getObservedGeneration() {
    return observedGeneration;
  }

  public void setObservedGeneration(Long observedGeneration) {
    this.observedGeneration = observedGeneration;
  }

  public String getNode() {
    return node;
  }

  public void setNode(String node) {
    this.node = node;
  }

  public Guest getGuest() {
    return guest;
  }

  public void setGuest(Guest guest) {
    this.guest = guest;
  }

  public Restarts getRestarts() {
    return restarts;
  }

  public void setRestarts(Restarts restarts) {
    this.restarts = restarts;
  }

  public List<Condition> getConditions() {
    return conditions;
  }

  public void setConditions(List<Condition> conditions) {
    this.conditions = conditions;
  }
}
