package dev.bulkhead.nodeagent.domain;

/// What executes a guest's instructions.
public enum Accelerator {
  /// The processor itself, through the kernel's KVM.
  KVM,
  /// QEMU's translator: any machine can, slowly.
  TCG
}
