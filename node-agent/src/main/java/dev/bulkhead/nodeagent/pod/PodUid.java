package dev.bulkhead.nodeagent.pod;

import java.util.regex.Pattern;

/// The uid of a VM's pod: one life of one guest. It names directories and devices, so only the form
/// that the API server gives out is accepted.
public record PodUid(String value) {
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  public PodUid {
    if (!isUid(value)) {
      throw new IllegalArgumentException("not a pod uid: " + value);
    }
  }

  public static boolean isUid(String text) {
    return FORM.matcher(text).matches();
  }

  /// Without the dashes.
  public String hex() {
    return value.replace("-", "");
  }

  @Override
  public String toString() {
    return value;
  }
}
