package dev.bulkhead.nodeagent.domain;

import java.util.ArrayList;
import java.util.List;

/// What the guest starts from. Paths are libvirtd's.
///
/// @param uefi null for BIOS
/// @param kernel null for booting from the disks, in their order
public record Boot(Uefi uefi, Kernel kernel) {

  /// UEFI by OVMF. Code and variables are named instead of chosen by libvirt, so that a guest keeps
  /// its firmware.
  ///
  /// @param nvram where the guest's variables are kept; libvirt makes it from the template
  public record Uefi(String nvram) {
    private static final String CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd";
    private static final String VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd";
  }

  /// A Linux kernel, started without a boot loader.
  ///
  /// @param initrd null for none
  /// @param args null for none
  public record Kernel(String path, String initrd, String args) {}

  Element element() {
    var children = new ArrayList<Element>();
    children.add(Element.text("type", "hvm").with("arch", "x86_64").with("machine", "q35"));
    if (uefi != null) {
      children.add(
          Element.text("loader", Uefi.CODE).with("readonly", "yes").with("type", "pflash"));
      children.add(Element.text("nvram", uefi.nvram()).with("template", Uefi.VARIABLES));
    }
    if (kernel != null) {
      children.add(Element.text("kernel", kernel.path()));
      addIfSet(children, "initrd", kernel.initrd());
      addIfSet(children, "cmdline", kernel.args());
    }
    return Element.of("os").add(children);
  }

  private static void addIfSet(List<Element> children, String name, String text) {
    if (text != null) {
      children.add(Element.text(name, text));
    }
  }
}
