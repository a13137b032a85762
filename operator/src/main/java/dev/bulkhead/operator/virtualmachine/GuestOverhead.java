package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachineSpec.Firmware;

/// How much memory a VM's pod needs beyond the guest's own. Too little and the kernel kills QEMU
/// inside the pod's limit; too much and nodes stay empty. The pod's accelerator is not known when
/// it is made, so the budget is that of the dearer one, TCG: a guest of 96 MiB and one vCPU was
/// measured to take 103 MiB beside its memory there, of the 136 MiB budgeted.
final class GuestOverhead {
  private static final long MIB = 1024 * 1024;

  /// QEMU 7.2, q35, without the guest's memory: code, heap, device models, display, monitor.
  private static final long QEMU = 64 * MIB;

  /// The cache of translated code that the node agent gives every TCG domain (`tb-cache`).
  private static final long TRANSLATION_CACHE = 32 * MIB;

  /// Block and network buffers in flight, the keeper, and the pod's sandbox.
  private static final long BUFFERS = 32 * MIB;

  /// Thread stack and per-CPU state of one vCPU.
  private static final long VCPU = 8 * MIB;

  /// Flash of OVMF: 4 MiB of code and variables, mapped twice.
  private static final long UEFI = 16 * MIB;

  /// One 8-byte page table entry for each 4 KiB page, in the host's table and in the nested one.
  private static final long BYTES_PER_PAGE_TABLE_BYTE = 256;

  /// What QEMU takes beyond that for moments, most while a guest boots and its node is busy. Of
  /// guests with a budget of 232 MiB, on two cores, eight rested at 137 MiB of their pod's memory
  /// and had peaked at 140 to 194; one of some hundreds went over 232 and was killed. Likely QEMU's
  /// deferred frees of address maps (RCU), which wait for a thread that gets no CPU.
  static final long MOMENTARY = 128 * MIB;

  private GuestOverhead() {}

  static long bytes(GuestSpec guest) {
    return QEMU
        + TRANSLATION_CACHE
        + BUFFERS
        + guest.cpu().vcpus() * VCPU
        + (guest.firmware() == Firmware.Type.UEFI ? UEFI : 0)
        + guest.memoryBytes() / BYTES_PER_PAGE_TABLE_BYTE;
  }
}
