package dev.bulkhead.nodeagent.keeper;

import dev.bulkhead.nodeagent.pod.PodUid;
import dev.bulkhead.nodeagent.pod.Volumes;
import java.nio.file.Path;
import java.util.List;

/// The sleeping process that stands for a guest in its pod.
///
/// @param root the keeper's root directory as the agent can reach it
/// @param cgroups the directories of its cgroup: one for each controller of v1, one on v2
public record Keeper(PodUid pod, int pid, Path root, List<Path> cgroups) {
  public Keeper {
    cgroups = List.copyOf(cgroups);
  }

  public Volumes volumes() {
    return new Volumes(root.resolve("volumes"));
  }
}
