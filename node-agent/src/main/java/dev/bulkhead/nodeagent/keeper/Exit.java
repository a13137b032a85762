package dev.bulkhead.nodeagent.keeper;

/// How a keeper is told to end, and so how its pod does: the three of `Contract.EXIT_*`. The keeper
/// turns each of these signals into that exit code (images/keeper).
public enum Exit {
  POWERED_OFF(10), // SIGUSR1
  CRASHED(12), // SIGUSR2
  START_FAILED(1); // SIGHUP

  private final int signal;

  Exit(int signal) {
    this.signal = signal;
  }

  int signal() {
    return signal;
  }
}
