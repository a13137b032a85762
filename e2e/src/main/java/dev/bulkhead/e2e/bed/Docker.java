package dev.bulkhead.e2e.bed;

import static java.util.stream.Collectors.toMap;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Device;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Network;
import com.github.dockerjava.api.model.Volume;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.ExecInContainerPattern;

/// The Docker daemon, through Testcontainers' client. Containers are made with the client
/// itself, for a `GenericContainer` ends with the JVM that started it, and a bed outlives it.
///
/// All that it makes carries the label of its kind of bed, and it removes nothing else.
final class Docker {
  private final DockerClient client = DockerClientFactory.instance().client();
  private final BedKind kind;

  Docker(BedKind kind) {
    this.kind = kind;
  }

  /// The id of a machine's image.
  String imageId(String image) {
    try {
      return client.inspectImageCmd(image).exec().getId();
    } catch (NotFoundException e) {
      throw new IllegalStateException("the image " + image + " is not built: run `make bed`", e);
    }
  }

  /// The bed's containers that run, by name, each with the digest of the bed it was made for.
  Map<String, String> running() {
    return client.listContainersCmd().withLabelFilter(List.of(kind.label())).exec().stream()
        .collect(toMap(Docker::name, container -> container.getLabels().get(kind.label())));
  }

  void createNetwork() {
    var subnet = kind.subnet();
    var ipam = new Network.Ipam().withConfig(new Network.Ipam.Config().withSubnet(subnet));
    try {
      client
          .createNetworkCmd()
          .withName(kind.network())
          .withLabels(Map.of(kind.label(), ""))
          .withIpam(ipam)
          .exec();
    } catch (DockerException e) {
      throw new IllegalStateException(
          "Docker gives no network %s; does one of `docker network ls` overlap it? %s"
              .formatted(subnet, e.getMessage()),
          e);
    }
  }

  /// Starts one machine. It is not `privileged`, which would fail where the daemon itself lacks
  /// CAP_SYS_RESOURCE, but may all that a node must: mount, make devices and network interfaces.
  void start(Machine machine, Layout layout, String digest) {
    var binds = new ArrayList<Bind>();
    machine
        .mounts()
        .forEach((from, to) -> binds.add(new Bind(from.toString(), new Volume(to), AccessMode.ro)));
    var evidence = layout.evidence(machine.name());
    binds.add(new Bind(evidence.toString(), new Volume(Machine.EVIDENCE), AccessMode.rw));
    var host =
        HostConfig.newHostConfig()
            .withNetworkMode(kind.network())
            .withBinds(binds)
            .withCapAdd(Capability.ALL)
            .withCapDrop(Capability.SYS_RESOURCE)
            .withSecurityOpts(List.of("seccomp=unconfined", "apparmor=unconfined"))
            .withCgroupnsMode("private")
            .withDevices(machine.devices().stream().map(Device::parse).toList())
            .withDeviceCgroupRules(List.of("a *:* rwm"))
            .withTmpFs(Map.of("/run", "exec,mode=755", "/tmp", "exec"));
    var container =
        client
            .createContainerCmd(machine.image())
            .withName(kind.containerName(machine.name()))
            .withHostName(machine.name())
            .withIpv4Address(machine.address())
            .withLabels(Map.of(kind.label(), digest))
            .withEnv(
                machine.environment().entrySet().stream()
                    .map(entry -> entry.getKey() + "=" + entry.getValue())
                    .toList())
            .withVolumes(machine.volumes().stream().map(Volume::new).toList())
            .withCmd(machine.command())
            .withHostConfig(host)
            .exec();
    client.startContainerCmd(container.getId()).exec();
  }

  Output exec(Machine machine, String... command) {
    try {
      var container = client.inspectContainerCmd(kind.containerName(machine.name())).exec();
      var result =
          ExecInContainerPattern.execInContainer(client, container, machine.entered(command));
      return new Output(result.getExitCode(), result.getStdout(), result.getStderr());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted in " + machine.name(), e);
    }
  }

  /// As when its power fails: nothing in it is told.
  void crash(Machine machine) {
    client.killContainerCmd(kind.containerName(machine.name())).exec();
  }

  /// What is on its volumes is still there; /run and /tmp are new.
  void boot(Machine machine) {
    client.startContainerCmd(kind.containerName(machine.name())).exec();
  }

  /// Removes every container of the bed with its volumes, and the network.
  void removeAll() {
    for (var container :
        client
            .listContainersCmd()
            .withShowAll(true)
            .withLabelFilter(List.of(kind.label()))
            .exec()) {
      client.removeContainerCmd(container.getId()).withForce(true).withRemoveVolumes(true).exec();
    }
    for (var network : client.listNetworksCmd().withFilter("label", List.of(kind.label())).exec()) {
      client.removeNetworkCmd(network.getId()).exec();
    }
  }

  private static String name(Container container) {
    return container.getNames()[0].substring(1); // the API writes /name
  }
}
