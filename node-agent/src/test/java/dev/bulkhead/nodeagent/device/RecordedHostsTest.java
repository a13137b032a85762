package dev.bulkhead.nodeagent.device;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.device.offer.Giving;
import dev.bulkhead.nodeagent.device.offer.Offer;
import dev.bulkhead.nodeagent.device.offer.OfferPlanner;
import dev.bulkhead.nodeagent.device.offer.Offered;
import dev.bulkhead.nodeagent.device.publish.ResourceSlices;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What hosts of many kinds give away, from their sysfs to the ResourceSlices. After a change that
/// is meant, `mvn test -Dtest=RecordedHostsTest -Dgolden=write` writes the files beside the records
/// anew: read every difference.
class RecordedHostsTest {
  private static final Giving ALL =
      new Giving(Set.of("gpu", "nvme", "nic", "nic-vf", "mdev", "usb", "pci"), false);

  @TempDir private Path root;

  static Iterable<String> hosts() {
    return RecordedHost.names();
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void givesAwayWhatItShould(String name) throws IOException {
    var host = RecordedHost.unpack(name, root);
    var inventory = host.inventory();
    var offered = OfferPlanner.plan(inventory, host.use(), ALL);
    var text = text(offered);

    var golden = Path.of("src/test/resources/hosts", name + ".slices.yaml");
    if ("write".equals(System.getProperty("golden"))) {
      Files.writeString(golden, text);
    }
    assertThat(text).isEqualTo(Files.readString(golden));
  }

  private static String text(Offered offered) {
    var owner = new OwnerReferenceBuilder().withKind("Node").withName("node-a").build();
    var withheld = offered.withheld().stream().map(kept -> "# " + kept + "\n").collect(joining());
    var sources =
        offered.offers().stream()
            .map(offer -> "# %s: %s\n".formatted(offer.name(), source(offer)))
            .collect(joining());
    var slices =
        ResourceSlices.of("node-a", owner, offered, 1).stream()
            .map(slice -> Serialization.asYaml(slice.getSpec()))
            .collect(joining());
    return "# Kept:\n%s# Given away:\n%s%s".formatted(withheld, sources, slices);
  }

  private static String source(Offer offer) {
    return offer.source() + (offer.fault() == null ? "" : ", " + offer.fault());
  }
}
