package dev.bulkhead.nodeagent.device.inventory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumaNodesTest {
  private static final PciAddress GPU = PciAddress.parse("0000:81:00.0");

  @TempDir private Path host;

  @BeforeEach
  void fourNodesOfWhichThreeHaveMemory() throws IOException {
    write("sys/devices/system/node/online", "0-2,8\n");
    write("sys/devices/system/node/has_memory", "0-1,8\n");
    write("proc/1/status", "Name:\tsystemd\nMems_allowed:\t000001ff\nMems_allowed_list:\t0-8\n");
    write("sys/bus/pci/devices/0000:81:00.0/numa_node", "8\n");
  }

  private void write(String file, String text) throws IOException {
    Files.createDirectories(host.resolve(file).getParent());
    Files.writeString(host.resolve(file), text);
  }

  private NumaNodes nodes() {
    return new NumaNodes(host.resolve("sys"), host.resolve("proc"));
  }

  @Test
  void aDeviceIsLocalToTheNodeThatItsFirmwareNames() {
    assertThat(nodes().of(GPU)).contains(new NumaNode(8, true));
  }

  @ParameterizedTest
  @CsvSource({"-1", "3", "eight"})
  void aDeviceIsLocalToNothingWhereItsFirmwareNamesNoNodeOfTheHosts(String node)
      throws IOException {
    write("sys/bus/pci/devices/0000:81:00.0/numa_node", node);
    assertThat(nodes().of(GPU)).isEmpty();
    assertThat(nodes().of(GPU.plus(1))).as("one that went away").isEmpty();
  }

  @Test
  void nothingIsLocalOnAHostOfOneNode() throws IOException {
    write("sys/bus/pci/devices/0000:81:00.0/numa_node", "0");
    write("sys/devices/system/node/online", "0\n");
    assertThat(nodes().of(GPU)).isEmpty();
    Files.delete(host.resolve("sys/devices/system/node/online"));
    assertThat(nodes().of(GPU)).as("a kernel without NUMA").isEmpty();
  }

  /// QEMU would not start with memory that it may not have.
  @Test
  void aNodeWithoutMemoryOrWhoseMemoryIsKeptFromProcessesLendsNone() throws IOException {
    write("sys/bus/pci/devices/0000:81:00.0/numa_node", "2");
    assertThat(nodes().of(GPU)).contains(new NumaNode(2, false));

    write("sys/bus/pci/devices/0000:81:00.0/numa_node", "8");
    write("proc/1/status", "Mems_allowed_list:\t0-1\n");
    assertThat(nodes().of(GPU)).contains(new NumaNode(8, false));
  }
}
