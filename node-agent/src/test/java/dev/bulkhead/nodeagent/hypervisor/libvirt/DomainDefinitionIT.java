package dev.bulkhead.nodeagent.hypervisor.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.domain.AnyGuest;
import dev.bulkhead.nodeagent.domain.Domain;
import dev.bulkhead.nodeagent.domain.DomainPlanner;
import dev.bulkhead.nodeagent.domain.UnencodableTextException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.awaitility.Awaitility;

/// libvirt's QEMU driver knows more rules than its schema: it takes any guest for a domain.
class DomainDefinitionIT {
  private static Path folder;
  private static PrivateLibvirtd libvirtd;

  @BeforeContainer
  static void start() throws IOException {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
    folder = Files.createTempDirectory("libvirtd");
    libvirtd = new PrivateLibvirtd(folder);
    libvirtd.start();
  }

  @AfterContainer
  static void stop() throws IOException, InterruptedException {
    libvirtd.close();
    run("rm", "-r", folder.toString());
  }

  @Provide
  Arbitrary<Domain> guests() {
    return AnyGuest.translatedDomains();
  }

  @Property(tries = 25, edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.OFF)
  void libvirtDefinesAnyGuest(@ForAll("guests") Domain domain)
      throws IOException, InterruptedException {
    String xml;
    try {
      xml = domain.toXml();
    } catch (UnencodableTextException refused) {
      return;
    }
    var file = Files.writeString(folder.resolve("domain.xml"), xml);

    assertThat(run("virsh", "-c", libvirtd.uri(), "define", "--validate", file.toString()))
        .as(xml)
        .contains("defined from");
    var free = freeRootPorts(run("virsh", "-c", libvirtd.uri(), "dumpxml", domain.name()));
    if (hasNoAddressOfAClaims(domain)) {
      assertThat(free).as(xml).isEqualTo(DomainPlanner.SPARE_ROOT_PORTS);
    }

    run("virsh", "-c", libvirtd.uri(), "undefine", "--nvram", domain.name());
  }

  /// Such an address may be that of any port, and libvirt makes all ports up to there.
  private static boolean hasNoAddressOfAClaims(Domain domain) {
    return domain.hostDevices().allMatch(device -> device.settings().address() == null);
  }

  private static long freeRootPorts(String xml) {
    var buses =
        Pattern.compile("<address type='pci' domain='0x0000' bus='(0x\\w+)'")
            .matcher(xml)
            .results()
            .map(match -> Integer.decode(match.group(1)))
            .collect(Collectors.toSet());
    return Pattern.compile("type='pci' index='(\\d+)' model='pcie-root-port'")
        .matcher(xml)
        .results()
        .filter(match -> !buses.contains(Integer.valueOf(match.group(1))))
        .count();
  }

  private static String run(String... command) throws IOException, InterruptedException {
    var process = new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
    var words = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return words;
  }
}
