package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.DevicesMessage;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.Counter;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAttributeBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceCounterConsumptionBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceBuilder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeviceObserverTest {
  private static final String SET = "card";

  /// One card of two parts, counted in a slice of its own as the agent does.
  private static final List<ResourceSlice> CARD =
      List.of(
          new ResourceSliceBuilder()
              .withNewSpec()
              .addNewSharedCounter()
              .withName(SET)
              .withCounters(Map.of("parts", parts(2)))
              .endSharedCounter()
              .endSpec()
              .build(),
          new ResourceSliceBuilder()
              .withNewSpec()
              .withDevices(
                  device("card", "nic", 2).build(),
                  device("vf-0", "nic-vf", 1).build(),
                  device("vf-1", "nic-vf", 1)
                      .addNewTaint()
                      .withKey("bulkhead.dev/failed")
                      .endTaint()
                      .build())
              .endSpec()
              .build());

  private static Counter parts(int count) {
    return new Counter(new Quantity(Integer.toString(count)));
  }

  private static DeviceBuilder device(String name, String type, int parts) {
    return new DeviceBuilder()
        .withName(name)
        .withAttributes(Map.of("type", new DeviceAttributeBuilder().withString(type).build()))
        .withConsumesCounters(
            new DeviceCounterConsumptionBuilder()
                .withCounterSet(SET)
                .withCounters(Map.of("parts", parts(parts)))
                .build());
  }

  private static String userOf(int device, Map<String, String> users) {
    return DeviceObserver.node("a", CARD, users, null).devices().get(device).user();
  }

  @Test
  void whatNobodyHasAnyPartOfIsFree() {
    assertThat(DeviceObserver.node("a", CARD, Map.of(), null).devices())
        .extracting(DeviceShortage.Device::user)
        .containsOnlyNulls();
  }

  @Test
  void aCardIsWithWhoHasAPartOfItAndTheOtherPartIsFree() {
    var users = Map.of("vf-0", "shop/web");
    assertThat(userOf(0, users)).isEqualTo("shop/web");
    assertThat(userOf(1, users)).isEqualTo("shop/web");
    assertThat(userOf(2, users)).isNull();
    assertThat(userOf(0, Map.of("vf-0", "shop/web", "vf-1", "lab/x"))).isEqualTo("lab/x, shop/web");
  }

  @Test
  void partsOfACardAreWithWhoHasAllOfIt() {
    assertThat(userOf(1, Map.of("card", "shop/web"))).isEqualTo("shop/web");
  }

  @Test
  void whyADeviceHasFailedIsInItsNodesOwnWords() {
    var says = DevicesMessage.parse("gives away 3 devices; failed: vf-1, it had 3 fatal errors");
    assertThat(DeviceObserver.node("a", CARD, Map.of(), says).devices().get(2).fault())
        .isEqualTo("it had 3 fatal errors");
    assertThat(DeviceObserver.node("a", CARD, Map.of(), null).devices().get(2).fault())
        .isEqualTo("bulkhead.dev/failed");
  }
}
