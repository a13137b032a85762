package dev.bulkhead.nodeagent.disk;

/// A guest cannot be started as it was asked for. The message tells the VM's owner what is wrong
/// and what to do. Checked, rather than a returned value, because it is said many calls deep in the
/// preparation and always ends all of it.
public final class RefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  public RefusedException(String message) {
    super(message);
  }
}
