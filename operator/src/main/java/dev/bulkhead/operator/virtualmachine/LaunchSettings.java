package dev.bulkhead.operator.virtualmachine;

/// What the cluster's administrator decides for all VMs.
///
/// @param keeperImage OCI reference of the keeper, the only container of a VM's pod
/// @param cpuAllocationRatio how many vCPUs share one physical CPU: a vCPU requests 1/ratio of one
public record LaunchSettings(String keeperImage, int cpuAllocationRatio) {
  public LaunchSettings {
    if (keeperImage == null || keeperImage.isBlank()) {
      throw new IllegalArgumentException("keeper image: set BULKHEAD_KEEPER_IMAGE");
    }
    if (cpuAllocationRatio < 1 || cpuAllocationRatio > 1000) {
      throw new IllegalArgumentException(
          "cpu allocation ratio: BULKHEAD_CPU_ALLOCATION_RATIO must be from 1 to 1000, is "
              + cpuAllocationRatio);
    }
  }
}
