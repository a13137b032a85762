package dev.bulkhead.e2e.bed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/// Whether this machine has what KVM needs. It only decides whether the workers get /dev/kvm; that
/// KVM really runs guests is for the node agent to find out.
final class Kvm {
  private static final Pattern VIRTUALIZATION_FLAG = Pattern.compile("\\b(vmx|svm)\\b");

  static boolean isUsable() {
    try {
      return Files.exists(Path.of("/dev/kvm"))
          && VIRTUALIZATION_FLAG.matcher(Files.readString(Path.of("/proc/cpuinfo"))).find();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Kvm() {}
}
