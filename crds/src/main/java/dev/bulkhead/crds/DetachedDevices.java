package dev.bulkhead.crds;

import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// What the annotation [Contract#DETACHED_ANNOTATION] of a VM's pod says: which of the devices that
/// its guest was started with it shall have no longer.
///
/// @param names of entries in `spec.devices`
public record DetachedDevices(SortedSet<String> names) {
  public DetachedDevices {
    names = Collections.unmodifiableSortedSet(new TreeSet<>(names));
  }

  public static DetachedDevices of(Collection<String> names) {
    return new DetachedDevices(new TreeSet<>(names));
  }

  /// What the annotation has.
  public String text() {
    return String.join(",", names);
  }

  /// Of the annotation's text.
  ///
  /// @param text null where there is no such annotation
  public static DetachedDevices parse(String text) {
    return text == null
        ? of(Collections.emptySet())
        : of(
            Arrays.stream(text.split(",", -1))
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toSet()));
  }
}
