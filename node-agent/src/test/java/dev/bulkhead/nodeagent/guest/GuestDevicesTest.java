package dev.bulkhead.nodeagent.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.crds.GuestReport;
import dev.bulkhead.nodeagent.device.claim.PreparedFiles;
import dev.bulkhead.nodeagent.device.claim.Viability;
import dev.bulkhead.nodeagent.device.inventory.NumaNode;
import dev.bulkhead.nodeagent.device.inventory.NumaNodes;
import dev.bulkhead.nodeagent.disk.RefusedException;
import dev.bulkhead.nodeagent.domain.HostDevice;
import dev.bulkhead.nodeagent.guest.GuestDevices.Given;
import dev.bulkhead.nodeagent.guest.GuestDevices.Wanted;
import dev.bulkhead.nodeagent.pod.VmPod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// From the files that the preparation of claims left, as they are written, to what a guest has.
class GuestDevicesTest {
  private static final Path RECORDED = Path.of("../crds/src/test/resources/contract");

  private static final String POD = "0f0e0d0c-0b0a-4908-8706-050403020100";

  private static final String GROUP =
      """
      {"type":"group","functions":[
        {"domain":0,"bus":129,"device":0,"function":0},{"domain":0,"bus":129,"device":0,"function":1}]}
      """;
  private static final String DISK =
      "{\"type\":\"group\",\"functions\":[{\"domain\":0,\"bus\":2,\"device\":0,\"function\":0}]}";
  private static final String USB = "{\"type\":\"usb\",\"port\":\"1-4.2\"}";

  @TempDir private Path cdi;
  @TempDir private Path host;

  /// Its pod has the claims that the VM of `guest-3.json` asks for: gpu by a template, disk by
  /// name.
  private static VmPod pod(String... detached) throws IOException {
    return VmPod.of(
        new PodBuilder()
            .withNewMetadata()
            .withNamespace("shop")
            .withName("web")
            .withUid(POD)
            .addToAnnotations(
                Contract.GUEST_ANNOTATION, Files.readString(RECORDED.resolve("guest-3.json")))
            .addToAnnotations(Contract.DETACHED_ANNOTATION, String.join(",", detached))
            .endMetadata()
            .withNewSpec()
            .addNewResourceClaim()
            .withName("gpu")
            .withResourceClaimTemplateName("one-a100")
            .endResourceClaim()
            .addNewResourceClaim()
            .withName("disk")
            .withResourceClaimName("fast")
            .endResourceClaim()
            .endSpec()
            .withNewStatus()
            .withPhase("Running")
            .addNewResourceClaimStatus()
            .withName("gpu")
            .withResourceClaimName("web-gpu-x7k2p")
            .endResourceClaimStatus()
            .endStatus()
            .build());
  }

  private void prepared(
      String namespace, String claim, String uid, boolean ready, String source, String... nodes)
      throws IOException {
    write(Map.of(), namespace, claim, uid, ready, source, nodes);
  }

  /// For a guest that ran before.
  private void preparedFor(String pod, String namespace, String uid, boolean ready)
      throws IOException {
    var recipient = Map.of("recipient", Map.of("pod", pod, "entry", "later"));
    write(recipient, namespace, "claim-" + uid, uid, ready, DISK, "/dev/vfio/15");
  }

  private void write(
      Map<String, ?> more,
      String namespace,
      String claim,
      String uid,
      boolean ready,
      String source,
      String... nodes)
      throws IOException {
    var json = new com.fasterxml.jackson.databind.ObjectMapper();
    var prepared =
        new HashMap<String, Object>(
            Map.of(
                "claim", Map.of("namespace", namespace, "name", claim, "uid", uid),
                "ready", ready,
                "devices", List.of(device("r", "device", source, nodes))));
    prepared.putAll(more);
    Files.writeString(
        cdi.resolve("bulkhead.dev-" + uid + ".json"),
        json.writeValueAsString(
            Map.of(
                "annotations", Map.of("bulkhead.dev/claim", json.writeValueAsString(prepared)))));
  }

  private static Map<String, Object> device(
      String request, String name, String source, String... nodes) throws IOException {
    return Map.of(
        "request",
        request,
        "name",
        name,
        "source",
        new com.fasterxml.jackson.databind.ObjectMapper().readTree(source),
        "nodes",
        List.of(nodes));
  }

  private void bothPrepared() throws IOException {
    prepared("shop", "web-gpu-x7k2p", "u1", true, GROUP, "/dev/vfio/vfio", "/dev/vfio/14");
    prepared("shop", "fast", "u2", true, USB, "/dev/bus/usb/001/013");
  }

  private GuestDevices onThisHost() {
    return new GuestDevices(
        new PreparedFiles(cdi),
        new Viability(host.resolve("sys")),
        new NumaNodes(host.resolve("sys"), host.resolve("proc")));
  }

  private List<HostDevice> devices() throws IOException, RefusedException {
    return onThisHost().of(pod());
  }

  private Stream<GuestReport.Device> reported() throws IOException {
    return wanted().given().stream().flatMap(Given::reported);
  }

  /// The card's second function, in the node's sysfs.
  private void boundTo(String driver) throws IOException {
    var functions = Files.createDirectories(host.resolve("sys").resolve("bus/pci/devices"));
    var group = Files.createDirectories(host.resolve("sys").resolve("kernel/iommu_groups/14"));
    for (var name : List.of("0000:81:00.0", "0000:81:00.1")) {
      Files.createDirectories(group.resolve("devices").resolve(name));
      var function = Files.createDirectories(functions.resolve(name));
      Files.createSymbolicLink(function.resolve("iommu_group"), group);
      Files.createSymbolicLink(
          function.resolve("driver"), Path.of("/", name.endsWith("1") ? driver : "vfio-pci"));
    }
  }

  @Test
  void aGuestIsNotStartedWithADeviceOfWhichTheNodeHasAPart() throws IOException {
    bothPrepared();
    boundTo("snd_hda_intel");
    assertThatThrownBy(this::devices)
        .isInstanceOf(RefusedException.class)
        .hasMessageStartingWith(
            "device gpu is of IOMMU group 14, of which function 0000:81:00.1 is with driver"
                + " snd_hda_intel now");
    for (var function : wanted().given().getFirst().inGuest().toList()) {
      assertThat(onThisHost().whyNot(function, wanted()))
          .as("of a guest that runs")
          .hasValueSatisfying(words -> assertThat(words).startsWith("device gpu is of IOMMU"));
    }
    var usb = wanted().given().getLast().inGuest().toList().getFirst();
    assertThat(onThisHost().whyNot(usb, wanted())).isEmpty();
  }

  @Test
  void aGuestIsStartedWithADeviceThatVfioHasAllOf() throws IOException, RefusedException {
    bothPrepared();
    boundTo("vfio-pci");
    assertThat(devices())
        .extracting(HostDevice::id)
        .containsExactly("0000:81:00.0", "0000:81:00.1", "usb 1:13");
    assertThat(
            onThisHost()
                .whyNot(wanted().given().getFirst().inGuest().findFirst().orElseThrow(), wanted()))
        .isEmpty();
  }

  @Test
  void aGuestHasAllFunctionsOfItsClaims() throws IOException, RefusedException {
    bothPrepared();
    prepared("other", "fast", "u3", true, USB, "/dev/bus/usb/001/014");

    assertThat(devices())
        .satisfiesExactly(
            gpu -> assertThat(((HostDevice.Function) gpu).address()).hasToString("0000:81:00.0"),
            sound ->
                assertThat(((HostDevice.Function) sound).address()).hasToString("0000:81:00.1"),
            stick -> assertThat(((HostDevice.Usb) stick).device()).isEqualTo(13));
  }

  @Test
  void whatItHasIsReportedUnderTheNamesOfTheSpec() throws IOException, RefusedException {
    bothPrepared();
    assertThat(reported())
        .containsExactly(
            new GuestReport.Device("gpu", "0000:81:00.0", 14),
            new GuestReport.Device("gpu", "0000:81:00.1", 14),
            new GuestReport.Device("disk", "1-4.2", null));
  }

  private Wanted wanted(String... detached) throws IOException {
    return onThisHost().wanted(pod(detached));
  }

  @Test
  void functionsThatGoTogetherAreLocalToTheNodeOfTheFirst() throws IOException, RefusedException {
    bothPrepared();
    file("sys/devices/system/node/online", "0-1");
    file("sys/devices/system/node/has_memory", "0-1");
    file("proc/1/status", "Mems_allowed_list:\t0-1");
    file("sys/bus/pci/devices/0000:81:00.0/numa_node", "1");
    file("sys/bus/pci/devices/0000:81:00.1/numa_node", "-1");
    assertThat(devices())
        .extracting(HostDevice::numaNode)
        .containsExactly(new NumaNode(1, true), new NumaNode(1, true), null);
  }

  private void file(String name, String text) throws IOException {
    Files.createDirectories(host.resolve(name).getParent());
    Files.writeString(host.resolve(name), text);
  }

  /// The scheduler lists them as it comes upon them.
  @Test
  void devicesOfOneRequestAreInTheOrderOfTheHostHoweverTheyWereFound()
      throws IOException, RefusedException {
    var first = device("many", "pci-0000-02-00-0", DISK, "/dev/vfio/15");
    var second = device("many", "pci-0000-81-00-0", GROUP, "/dev/vfio/14");
    var asked = device("asked-first", "usb-1-4.2", USB, "/dev/bus/usb/001/013");
    prepared("shop", "fast", "u2", true, USB, "/dev/bus/usb/001/014");
    for (var found : List.of(List.of(asked, first, second), List.of(asked, second, first))) {
      write(Map.of("devices", found), "shop", "web-gpu-x7k2p", "u1", true, USB);
      assertThat(devices())
          .extracting(HostDevice::id)
          .containsExactly("usb 1:13", "0000:02:00.0", "0000:81:00.0", "0000:81:00.1", "usb 1:14");
    }
  }

  @Test
  void aRunningGuestIsAlsoToHaveWhatWasClaimedForItLater() throws IOException {
    bothPrepared();
    preparedFor(POD, "shop", "u4", true);
    preparedFor("11111111-0b0a-4908-8706-050403020100", "shop", "u5", true);
    preparedFor(POD, "another-tenants", "u6", true);
    preparedFor(POD, "shop", "u7", false);

    assertThat(wanted().given()).extracting(Given::entry).containsExactly("gpu", "disk", "later");
    assertThat(wanted().reserved())
        .containsExactlyInAnyOrder("0000:81:00.0", "0000:81:00.1", "usb 1:13", "0000:02:00.0");
  }

  /// Its pod still has the claim; others' devices are none of this guest's business.
  @Test
  void aRunningGuestIsToLetGoOfWhatItsSpecNoLongerHas() throws IOException {
    bothPrepared();
    preparedFor("11111111-0b0a-4908-8706-050403020100", "shop", "u5", true);

    assertThat(wanted("disk", "never-had").given()).extracting(Given::entry).containsExactly("gpu");
    assertThat(wanted("disk").reserved())
        .containsExactlyInAnyOrder("0000:81:00.0", "0000:81:00.1", "0000:02:00.0");
  }

  @Test
  void hardwareThatIsOnlyRecordedIsNotAttached() throws IOException, RefusedException {
    boundTo("snd_hda_intel");
    prepared("shop", "web-gpu-x7k2p", "u1", true, GROUP);
    prepared("shop", "fast", "u2", true, USB);
    assertThat(wanted().given()).hasSize(2);
    assertThat(devices()).isEmpty();
    assertThat(reported()).isEmpty();
  }

  @Test
  void aGuestWaitsUntilItsClaimIsPrepared() throws IOException {
    prepared("shop", "web-gpu-x7k2p", "u1", false, GROUP, "/dev/vfio/14");
    prepared("shop", "fast", "u2", true, USB, "/dev/bus/usb/001/013");
    assertThatThrownBy(this::devices)
        .isInstanceOf(IOException.class)
        .hasMessage("kubelet has not had ResourceClaim web-gpu-x7k2p prepared yet");
  }

  @Test
  void aGuestIsNotGivenWhatAnEarlierClaimOfThatNameHad() throws IOException {
    bothPrepared();
    prepared("shop", "fast", "u0", true, USB, "/dev/bus/usb/001/012");
    assertThatThrownBy(this::devices)
        .hasMessage("an earlier ResourceClaim named fast is still to be given back");
  }
}
