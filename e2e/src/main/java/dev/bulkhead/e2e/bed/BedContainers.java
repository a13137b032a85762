package dev.bulkhead.e2e.bed;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// The bed as containers on this machine: finds, starts and removes them as a whole. It says
/// nothing about whether the cluster in them works.
final class BedContainers {
  private final Layout layout;
  private final Docker docker;
  private final BedDefinition definition;
  private final String digest;

  BedContainers(Layout layout, Docker docker) {
    this.layout = layout;
    this.docker = docker;
    this.definition = BedDefinition.of(layout, Kvm.isUsable());
    this.digest = Fingerprint.of(definition, layout.machineFiles(), imageIds());
  }

  /// Whether all of them run, and were made from the present definition.
  boolean areUp() {
    var wanted =
        definition.machines().stream()
            .collect(toMap(machine -> layout.kind().containerName(machine.name()), _ -> digest));
    return Files.exists(layout.kubeconfig()) && docker.running().equals(wanted);
  }

  /// Starts them in place of whatever is left of another bed.
  void start() {
    remove(layout, docker);
    makeCertificates();
    Layout.createDirectories(layout.images());
    docker.createNetwork();
    for (var machine : definition.machines()) docker.start(machine, layout, digest);
  }

  private String imageIds() {
    var images = definition.machines().stream().map(Machine::image).distinct();
    return images.map(docker::imageId).collect(joining());
  }

  List<Node> nodes() {
    return definition.machines().stream().map(machine -> new Node(machine, docker)).toList();
  }

  static void remove(Layout layout, Docker docker) {
    docker.removeAll();
    deleteRecursively(layout.state());
  }

  private void makeCertificates() {
    var command =
        new ArrayList<>(
            List.of(
                layout.recipes().resolve("pki.sh").toString(),
                layout.state().resolve("pki").toString(),
                definition.machines().getFirst().address()));
    definition.workers().forEach(worker -> command.add(worker.name()));
    LocalCommand.run(command);
  }

  private static void deleteRecursively(Path folder) {
    if (Files.notExists(folder)) return;
    try (Stream<Path> content = Files.walk(folder)) {
      for (var path : content.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
