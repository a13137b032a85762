package dev.bulkhead.nodeagent.device.claim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bulkhead.nodeagent.apiserver.BareApiServer;
import dev.bulkhead.nodeagent.device.claim.Allocation.Given;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Claims as a scheduler leaves them, in a real API server.
class ApiClaimsIT {
  private static final String CLAIM =
      """
      apiVersion: resource.k8s.io/v1
      kind: ResourceClaim
      metadata: {name: nics, namespace: default}
      spec:
        devices:
          requests:
          - {name: fast, exactly: {deviceClassName: nic-vf.bulkhead.dev}}
          - {name: slow, exactly: {deviceClassName: nic-vf.bulkhead.dev}}
          config:
          - requests: [fast]
            opaque:
              driver: bulkhead.dev
              parameters: {apiVersion: bulkhead.dev/v1alpha1, kind: DeviceSettings, vlan: 7}
      """;

  private static final String ALLOCATION =
      """
      status:
        allocation:
          devices:
            results:
            - {request: fast, driver: bulkhead.dev, pool: node-a, device: vf-1}
            - {request: slow, driver: bulkhead.dev, pool: node-a, device: vf-2}
            - {request: slow, driver: gpu.example.com, pool: node-a, device: gpu-1}
            - {request: slow, driver: bulkhead.dev, pool: node-b, device: vf-1}
            config:
            - source: FromClass
              opaque:
                driver: bulkhead.dev
                parameters: {apiVersion: bulkhead.dev/v1alpha1, kind: DeviceSettings, vlan: 3, spoofCheck: true}
            - source: FromClaim
              requests: [fast]
              opaque:
                driver: bulkhead.dev
                parameters: {apiVersion: bulkhead.dev/v1alpha1, kind: DeviceSettings, vlan: VLAN}
            - source: FromClaim
              opaque:
                driver: gpu.example.com
                parameters: {apiVersion: gpu.example.com/v1, kind: GpuConfig, sharing: none}
      """;

  private final KubernetesClient client = BareApiServer.connect();
  private final Claims claims = new ApiClaims(client, "node-a");

  @AfterEach
  void removeIt() {
    client.resources(ResourceClaim.class).inNamespace("default").delete();
    client.resources(DeviceClass.class).delete();
    client.close();
  }

  private ClaimRef create() {
    var claim = client.resource(Serialization.unmarshal(CLAIM, ResourceClaim.class)).create();
    return new ClaimRef("default", "nics", claim.getMetadata().getUid());
  }

  private ClaimRef createAllocated(String vlan) {
    var ref = create();
    client
        .resources(ResourceClaim.class)
        .inNamespace("default")
        .withName("nics")
        .editStatus(
            claim -> {
              claim.setStatus(
                  Serialization.unmarshal(
                          CLAIM + ALLOCATION.replace("VLAN", vlan), ResourceClaim.class)
                      .getStatus());
              return claim;
            });
    return ref;
  }

  private static DeviceSettings settings(int vlan) {
    return new DeviceSettings(
        new DeviceSettings.Card(null, vlan, true), null, DeviceSettings.Guest.NONE);
  }

  @Test
  void readsWhatThisNodeGaveAndHowItIsWanted() throws IOException {
    var ref = createAllocated("7");
    assertThat(claims.allocation(ref).devices())
        .containsExactly(
            new Given("fast", "vf-1", settings(7)), new Given("slow", "vf-2", settings(3)));
  }

  @Test
  void namesAParameterThatIsWrong() {
    var ref = createAllocated("4095");
    assertThatThrownBy(() -> claims.allocation(ref))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "parameters of the claim: vlan is \"4095\", and must be a number from 1 to 4094");
  }

  @Test
  void aClaimThatWasGivenNothingHasNothingToPrepare() {
    var ref = create();
    assertThatThrownBy(() -> claims.allocation(ref))
        .hasMessage("ResourceClaim default/nics was given no devices");
  }

  @Test
  void anotherClaimOfThatNameIsNotTheOneAskedFor() {
    createAllocated("7");
    assertThatThrownBy(() -> claims.allocation(new ClaimRef("default", "nics", "former")))
        .hasMessage("ResourceClaim default/nics is gone");
  }
}
