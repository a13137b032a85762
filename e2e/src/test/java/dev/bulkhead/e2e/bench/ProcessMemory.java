package dev.bulkhead.e2e.bench;

import dev.bulkhead.e2e.Host;

/// Memory of one process, in KiB, from /proc.
///
/// @param pss each page divided by the number of processes that share it (smaps_rollup)
/// @param guestRam resident part of the mapping that is the guest's memory; 0 if it has none
/// @param pageTables the kernel's tables for the process (VmPTE)
record ProcessMemory(long rss, long pss, long guestRam, long pageTables) {
  private static final double KIB_PER_MIB = 1024;

  static ProcessMemory of(Host host, long pid) {
    return of(host, pid, 0);
  }

  /// @param guestKib the size of the guest's memory; QEMU maps it as one piece of just that size,
  ///     or the kernel has merged it with a neighbour of at most 4 MiB
  static ProcessMemory of(Host host, long pid, long guestKib) {
    var script =
        """
        awk '/^Rss:/{r=$2} /^Pss:/{p=$2} END{print r; print p}' /proc/%1$d/smaps_rollup
        awk -v want=%2$d '/^Size:/{s=$2} /^Rss:/ && want > 0 && s >= want && s < want + 4096 {r+=$2} END{print r+0}' /proc/%1$d/smaps
        awk '/^VmPTE:/{print $2}' /proc/%1$d/status
        """
            .formatted(pid, guestKib);
    var numbers = host.sh(script).lines().map(Long::valueOf).toList();
    return new ProcessMemory(numbers.get(0), numbers.get(1), numbers.get(2), numbers.get(3));
  }

  double rssMib() {
    return rss / KIB_PER_MIB;
  }

  double pssMib() {
    return pss / KIB_PER_MIB;
  }

  double pageTablesMib() {
    return pageTables / KIB_PER_MIB;
  }

  /// What a pod must have beside the guest's memory, in MiB.
  double beyondGuestMib() {
    return (pss - guestRam + pageTables) / KIB_PER_MIB;
  }
}
