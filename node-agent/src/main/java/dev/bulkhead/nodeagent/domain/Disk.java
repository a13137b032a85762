package dev.bulkhead.nodeagent.domain;

import java.util.ArrayList;
import java.util.Locale;

/// A block device of the guest.
///
/// @param target the device name that libvirt derives addresses from, such as `vda`
/// @param serial null for none
/// @param direct whether QEMU may bypass the node's page cache (O_DIRECT)
/// @param bootOrder from 1; null for never booted
/// @param limits null for none
public record Disk(
    String target,
    Bus bus,
    Source source,
    boolean direct,
    boolean readOnly,
    String serial,
    Integer bootOrder,
    Limits limits)
    implements Device {

  public enum Bus {
    VIRTIO,
    SCSI,
    SATA;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public enum Format {
    RAW,
    QCOW2;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// A file, and the chain under it, said in full so that neither libvirt nor QEMU ever looks into
  /// a file to learn its format or what it is based on: image content is hostile.
  ///
  /// @param base null when nothing is below
  public record Source(String path, Format format, Source base) {
    Element backingStore() {
      return base == null
          ? Element.of("backingStore")
          : Element.of("backingStore")
              .with("type", "file")
              .add(
                  Element.of("format").with("type", base.format().word()),
                  Element.of("source").with("file", base.path()),
                  base.backingStore());
    }
  }

  /// Of reads and writes together, kept by QEMU.
  ///
  /// @param iops per second, null for no limit
  /// @param bytes per second, null for no limit
  public record Limits(Integer iops, Long bytes) {
    Element element() {
      var children = new ArrayList<Element>();
      if (bytes != null) {
        children.add(Element.text("total_bytes_sec", bytes.toString()));
      }
      if (iops != null) {
        children.add(Element.text("total_iops_sec", iops.toString()));
      }
      return Element.of("iotune").add(children);
    }
  }

  @Override
  public Element element() {
    var children = new ArrayList<Element>();
    children.add(
        Element.of("driver")
            .with("name", "qemu")
            .with("type", source.format().word())
            .with("cache", direct ? "none" : "writeback")
            // A guest loses nothing to a full file system when it is halted until there is room;
            // all other errors are its own to handle.
            .with("error_policy", "enospace")
            .with("rerror_policy", "report")
            .with("discard", readOnly ? null : "unmap"));
    children.add(Element.of("source").with("file", source.path()));
    children.add(source.backingStore());
    children.add(Element.of("target").with("dev", target).with("bus", bus.word()));
    if (limits != null) {
      children.add(limits.element());
    }
    if (readOnly) {
      children.add(Element.of("readonly"));
    }
    if (serial != null) {
      children.add(Element.text("serial", serial));
    }
    if (bootOrder != null) {
      children.add(Element.of("boot").with("order", bootOrder));
    }
    return Element.of("disk").with("type", "file").with("device", "disk").add(children);
  }
}
