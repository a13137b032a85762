package dev.bulkhead.e2e.bench;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestSpec;
import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.e2e.Manifests;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The VM pods of one node and all that an agent finds of them there, played: for each a process
/// called `keeper` in a network namespace of its own with `eth0` and a tap, a directory in a cgroup
/// tree of plain files, a guest's files, and a running domain of libvirt's test driver whose
/// process is said to be the keeper.
record PlayedPods(KubernetesClient client, String node, Path folder, List<Pod> pods) {
  static final String NAMESPACE = "guests";

  static PlayedPods create(BareCluster cluster, String node, Path folder, int count) {
    cluster.createNamespace(NAMESPACE);
    var pods =
        IntStream.range(0, count).mapToObj(i -> pod(cluster.admin(), node, "vm-" + i)).toList();
    var played = new PlayedPods(cluster.admin(), node, folder, pods);
    played.writeFiles();
    return played;
  }

  private static Pod pod(KubernetesClient client, String node, String name) {
    var vm = Serialization.unmarshal(Manifests.tinyGuest(name), VirtualMachine.class);
    vm.getMetadata().setNamespace(NAMESPACE);
    vm.getMetadata().setUid(UUID.randomUUID().toString());
    return client
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(NAMESPACE)
                .addToLabels(Contract.VM_LABEL, name)
                .addToAnnotations(Contract.GUEST_ANNOTATION, GuestSpec.from(vm).toJson())
                .addToAnnotations(Contract.POWER_ANNOTATION, "Running")
                .addNewOwnerReference()
                .withApiVersion(vm.getApiVersion())
                .withKind(vm.getKind())
                .withName(name)
                .withUid(vm.getMetadata().getUid())
                .withController(true)
                .endOwnerReference()
                .endMetadata()
                .withNewSpec()
                .withNodeName(node)
                .withRestartPolicy("Never")
                .addNewContainer()
                .withName(Contract.KEEPER_CONTAINER)
                .withImage("keeper")
                .endContainer()
                .endSpec()
                .build())
        .create();
  }

  private void writeFiles() {
    try {
      for (var name : List.of("guests", "libvirt/statuses", "log", "cgroup/memory/kubepods")) {
        Files.createDirectories(folder.resolve(name));
      }
      Files.writeString(
          folder.resolve("node.xml"),
          pods.stream()
              .map(PlayedPods::domain)
              .collect(Collectors.joining("", "<node>", "</node>")));
      Files.writeString(folder.resolve("libvirtd.conf"), "auth_unix_rw = \"none\"\n");
      for (var pod : pods) {
        var guest = folder.resolve("guests").resolve(pod.getMetadata().getUid());
        Files.createDirectories(guest);
        Files.writeString(guest.resolve("booted"), Instant.now().toString());
        Files.writeString(guest.resolve("console.log"), "");
      }
      var script = folder.resolve("keepers");
      Files.writeString(script, keepers());
      Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String domain(Pod pod) {
    return """
    <domain type='test'>
      <name>%s.%s</name>
      <metadata><b:pod xmlns:b='https://bulkhead.dev/domain/1' uid='%s'/></metadata>
      <memory unit='MiB'>96</memory>
      <vcpu>1</vcpu>
      <os><type>hvm</type></os>
    </domain>
    """
        .formatted(NAMESPACE, pod.getMetadata().getName(), pod.getMetadata().getUid());
  }

  /// Makes them all, says so by a file `made`, and stays. The name of a tap is that of the agent's
  /// `Link`.
  private String keepers() {
    var script =
        new StringBuilder(
            """
            #!/bin/sh
            set -eu
            cp /usr/bin/sleep /tmp/keeper
            cat >/tmp/one <<'END'
            set -eu
            ip -batch - <<BATCH
            link set lo up
            link add eth0 type veth peer name peer0
            address add 10.$4/8 dev eth0
            link set eth0 up
            tuntap add dev $3 mode tap
            BATCH
            mkdir -p "/bench/cgroup/memory/kubepods/pod$2/keeper"
            echo $$ >"/bench/cgroup/memory/kubepods/pod$2/keeper/cgroup.procs"
            echo "<domstatus state='running' reason='booted' pid='$$'/>" >"/bench/libvirt/statuses/$1.xml"
            exec /tmp/keeper infinity
            END
            """);
    for (int i = 0; i < pods.size(); i++) {
      var metadata = pods.get(i).getMetadata();
      var tap = "vm-" + metadata.getUid().replace("-", "").substring(0, 12);
      script.append(
          "unshare --net sh /tmp/one %s.%s %s %s %s &\n"
              .formatted(
                  NAMESPACE,
                  metadata.getName(),
                  metadata.getUid(),
                  tap,
                  "1." + i / 250 + "." + (i % 250 + 1)));
      if (i % 8 == 7) {
        script.append("sleep 0.05\n"); // two cores, not a thousand shells
      }
    }
    return script.append("touch /bench/made\nwait\n").toString();
  }
}
