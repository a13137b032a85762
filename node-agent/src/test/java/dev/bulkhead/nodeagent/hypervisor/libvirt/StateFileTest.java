package dev.bulkhead.nodeagent.hypervisor.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.domain.HostDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What libvirt 9 writes, shortened.
class StateFileTest {
  private static final String FILE =
      """
      <!--
      WARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE
      OVERWRITTEN AND LOST. Changes to this xml configuration should be made using:
        virsh edit shop.web
      -->
      <domstatus state='running' reason='unpaused' pid='4711'>
        <monitor path='/var/lib/libvirt/qemu/domain-1-shop.web/monitor.sock' type='unix'/>
        <domain type='kvm' id='1'>
          <name>shop.web</name>
          <devices>
            <controller type='pci' index='1' model='pcie-root-port'>
              <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0'/>
            </controller>
      DEVICES
          </devices>
        </domain>
      </domstatus>
      """;

  private static final String DEVICES =
      """
      <hostdev mode='subsystem' type='pci' managed='no'>
        <driver name='vfio'/>
        <source>
          <address domain='0x0000' bus='0x81' slot='0x1f' function='0x7'/>
        </source>
        <alias name='hostdev0'/>
        <address type='pci' domain='0x0000' bus='0x07' slot='0x00' function='0x0'/>
      </hostdev>
      <hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci'>
        <source>
          <address uuid='83b8f4f2-509f-382f-3c1e-e6bfe0fa1001'/>
        </source>
        <alias name='hostdev1'/>
        <address type='pci' domain='0x0000' bus='0x08' slot='0x00' function='0x0'/>
      </hostdev>
      <hostdev mode='subsystem' type='usb' managed='no'>
        <source>
          <address bus='1' device='13'/>
        </source>
        <alias name='hostdev2'/>
        <address type='usb' bus='0' port='1'/>
      </hostdev>
      """;

  @TempDir private Path folder;

  private StateFile read(String devices) throws IOException {
    return StateFile.read(
            Files.writeString(folder.resolve("shop.web.xml"), FILE.replace("DEVICES", devices)))
        .orElseThrow();
  }

  @Test
  void tellsWhichDevicesOfTheNodeAGuestHas() throws IOException {
    assertThat(read(DEVICES).devices())
        .extracting(HostDevice::id)
        .containsExactly("0000:81:1f.7", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "usb 1:13");
  }

  @Test
  void tellsOfNoneWhereThereIsNone() throws IOException {
    assertThat(read("")).isEqualTo(new StateFile("unpaused", 4711, java.util.List.of()));
  }

  @Test
  void isNotThereForADomainThatDoesNotRun() throws IOException {
    assertThat(StateFile.read(folder.resolve("shop.web.xml"))).isEmpty();
  }
}
