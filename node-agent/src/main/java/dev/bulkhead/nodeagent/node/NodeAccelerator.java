package dev.bulkhead.nodeagent.node;

import dev.bulkhead.nodeagent.domain.Accelerator;

/// What this node runs guests with.
public sealed interface NodeAccelerator {

  /// Not yet tried.
  record Unknown() implements NodeAccelerator {}

  record Available(Accelerator accelerator) implements NodeAccelerator {}

  /// No guest can run here.
  ///
  /// @param message why no guest can run here, and what to do
  record None(String message) implements NodeAccelerator {}
}
