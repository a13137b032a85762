package dev.bulkhead.nodeagent.domain;

import dev.bulkhead.nodeagent.pod.PodUid;
import java.util.Set;

/// The user, and the group of the same number, that one guest's QEMU runs as on its node: nobody
/// else's, so that the kernel keeps a guest that broke out of its QEMU away from all others.
public record QemuUser(int id) {
  /// From 0x70000000 to 0x7FFFFFFF nobody uses any (systemd's UIDS-GIDS): no distribution, no
  /// container manager, and no user namespace that kubelet hands out.
  public static final int FIRST = 0x70000000;

  public static final int LAST = 0x7ffffffe;

  public QemuUser {
    if (!isOne(id)) {
      throw new IllegalArgumentException("no user of a guest: " + id);
    }
  }

  public static boolean isOne(int id) {
    return id >= FIRST && id <= LAST;
  }

  /// One that no other guest of the node has. The same pod is first offered the same one.
  public static QemuUser forPod(PodUid pod, Set<QemuUser> taken) {
    int size = LAST - FIRST + 1;
    var random = Long.parseUnsignedLong(pod.hex().substring(16), 16);
    int offset = (int) Long.remainderUnsigned(random, size);
    while (taken.contains(new QemuUser(FIRST + offset))) {
      offset = (offset + 1) % size;
    }
    return new QemuUser(FIRST + offset);
  }
}
