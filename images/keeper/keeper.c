// The only process of a VM's container: its life is the pod's life, seen by kubelet. It sleeps while
// the node agent runs the guest in its cgroup, and ends when the agent says how the guest ended.
// It never ends by itself: on SIGTERM (the pod is being deleted) the agent shuts the guest down
// first, and kubelet's SIGKILL at the end of the grace period needs no help.
//
// With an argument (Contract.java, HOLD_ARGUMENT) it is the process of a pod that only holds a claim,
// and SIGTERM ends it.
#include <signal.h>

// The exit codes are read by the operator (Contract.java, EXIT_...).
enum { POWERED_OFF = 0, CRASHED = 1, START_FAILED = 2 };

int main(int arguments, char **argument) {
  (void)argument;
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, 0);
  for (int signal;;) {
    if (sigwait(&all, &signal) != 0) continue;
    if (signal == SIGUSR1) return POWERED_OFF;
    if (signal == SIGUSR2) return CRASHED;
    if (signal == SIGHUP) return START_FAILED;
    if (signal == SIGTERM && arguments > 1) return POWERED_OFF;
  }
}
