package dev.bulkhead.nodeagent.hypervisor;

/// The hypervisor did not answer. Nothing is known of any guest, and nothing may be concluded;
/// whoever asked tries again.
public final class HypervisorUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public HypervisorUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
