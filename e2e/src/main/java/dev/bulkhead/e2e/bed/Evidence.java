package dev.bulkhead.e2e.bed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// What explains a failure afterwards, in one folder:
///
/// - `events.txt`, `objects.yaml`: every event and object of the cluster (no secrets);
/// - `logs/`: the containers of Bulkhead itself;
/// - `<machine>/`: of each machine of a bed its components' logs, all pods' logs, domain XML,
///   the logs of libvirt and QEMU, the guests' consoles, its processes, mounts and network.
public final class Evidence {
  private static final String NAMESPACE = "bulkhead-system";
  private static final Set<String> LEFT_OUT =
      Set.of("secrets", "endpoints", "events", "events.events.k8s.io", "componentstatuses");

  /// Collects all that can be had: what cannot is named in the file it would have been in.
  public static void collect(Bed bed, Path folder) {
    Layout.createDirectories(folder.resolve("logs"));
    write(folder.resolve("events.txt"), kubectl(bed, "get events -A --sort-by=.lastTimestamp"));
    write(folder.resolve("objects.yaml"), kubectl(bed, "get -A -o yaml " + kinds(bed)));
    kubectl(bed, "get pods -o name -n " + NAMESPACE)
        .lines()
        .filter(line -> line.startsWith("pod/"))
        .forEach(
            pod ->
                write(
                    folder.resolve("logs").resolve(pod.substring("pod/".length()) + ".log"),
                    kubectl(bed, "logs --all-containers --prefix -n " + NAMESPACE + " " + pod)));
    for (var machine : bed.machines()) {
      machine.exec("/bed/collect-evidence");
      var left = Layout.ofEnvironment().evidence(machine.name());
      LocalCommand.run(List.of("cp", "-rT", left.toString(), folder + "/" + machine.name()));
    }
  }

  private static String kinds(Bed bed) {
    var kinds = kubectl(bed, "api-resources --verbs=list -o name").lines();
    return String.join(",", kinds.filter(kind -> !LEFT_OUT.contains(kind)).toList());
  }

  private static String kubectl(Bed bed, String arguments) {
    var command = new ArrayList<String>();
    command.add(Layout.ofEnvironment().kubectl().toString());
    command.add("--kubeconfig=" + bed.kubeconfig());
    command.addAll(Arrays.asList(arguments.split(" ")));
    try {
      return LocalCommand.run(command);
    } catch (IllegalStateException e) {
      return e.getMessage();
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Evidence() {}
}
