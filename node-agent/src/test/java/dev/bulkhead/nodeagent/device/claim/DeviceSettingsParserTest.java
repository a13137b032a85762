package dev.bulkhead.nodeagent.device.claim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bulkhead.nodeagent.device.inventory.PciAddress;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceSettingsParserTest {
  private static Map<String, Object> parameters(String field, Object value) {
    var parameters = new HashMap<String, Object>();
    parameters.put("apiVersion", "bulkhead.dev/v1alpha1");
    parameters.put("kind", "DeviceSettings");
    parameters.put(field, value);
    return parameters;
  }

  private static DeviceSettings card(String mac, Integer vlan, Boolean spoofCheck) {
    return new DeviceSettings(
        new DeviceSettings.Card(mac, vlan, spoofCheck), null, DeviceSettings.Guest.NONE);
  }

  @Test
  void readsWhatIsThere() throws IOException {
    var parameters = parameters("mac", "52:54:00:12:34:56");
    parameters.put("vlan", 4094);
    parameters.put("spoofCheck", true);
    assertThat(DeviceSettingsParser.parse(parameters, "FromClaim"))
        .isEqualTo(card("52:54:00:12:34:56", 4094, true));
  }

  @Test
  void readsHowTheGuestSeesIt() throws IOException {
    var parameters = parameters("romFile", "vbios-1.rom");
    parameters.put("rom", true);
    parameters.put("guestAddress", "0000:1f:00.0");
    parameters.put("bootOrder", 100);
    parameters.put("primaryDisplay", true);
    parameters.put("hiddenHypervisor", false);
    parameters.put("hypervisorVendor", "AuthenticAMD");
    assertThat(DeviceSettingsParser.parse(parameters, "FromClaim").guest())
        .isEqualTo(
            new DeviceSettings.Guest(
                true,
                "vbios-1.rom",
                PciAddress.parse("0000:1f:00.0"),
                100,
                true,
                false,
                "AuthenticAMD"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"largest", "smallest", "1Mi", "16Gi", "512Ti"})
  void readsHowLargeABarIsToBe(String size) throws IOException {
    assertThat(DeviceSettingsParser.parse(parameters("resizableBar", size), "FromClaim").bar())
        .isEqualTo(new BarSize(size));
  }

  @Test
  void theClaimHasTheLastWord() throws IOException {
    var ofClass = card("52:54:00:00:00:01", 7, null);
    assertThat(DeviceSettingsParser.parse(parameters("vlan", 8), "FromClaim").over(ofClass))
        .isEqualTo(card("52:54:00:00:00:01", 8, null));

    var sized = DeviceSettingsParser.parse(parameters("resizableBar", "1Gi"), "FromClass");
    assertThat(DeviceSettingsParser.parse(parameters("vlan", 8), "FromClaim").over(sized).bar())
        .isEqualTo(new BarSize("1Gi"));
    assertThat(
            DeviceSettingsParser.parse(parameters("resizableBar", "2Gi"), "FromClaim")
                .over(sized)
                .bar())
        .isEqualTo(new BarSize("2Gi"));
  }

  @ParameterizedTest
  @CsvSource({
    "mac, 53:54:00:12:34:56, a MAC address of one card",
    "mac, zebra, a MAC address of one card",
    "vlan, 100, a number from 1 to 4094",
    "spoofCheck, yes, true or false",
    "rom, off, true or false",
    "romFile, ../../etc/shadow, 'the name of a file, without folders'",
    "romFile, .., 'the name of a file, without folders'",
    "guestAddress, 0000:00:02.0, an address from 0000:01:00.0 to 0000:1f:00.0",
    "guestAddress, 0000:01:00.1, an address from 0000:01:00.0 to 0000:1f:00.0",
    "bootOrder, 0, a number from 1 to 100",
    "resizableBar, 3Gi, 'largest, smallest, or a power of two with Mi, Gi or Ti, such as 16Gi'",
    "resizableBar, 16GB, 'largest, smallest, or a power of two with Mi, Gi or Ti, such as 16Gi'",
    "resizableBar, 1024Mi, 'largest, smallest, or a power of two with Mi, Gi or Ti, such as 16Gi'",
    "hypervisorVendor, <x/>, '1 to 12 letters, digits and spaces'",
    "hypervisorVendor, GenuineIntel64, '1 to 12 letters, digits and spaces'"
  })
  void namesFieldValueAndWhatItMayBe(String field, String value, String right) {
    assertThatThrownBy(() -> DeviceSettingsParser.parse(parameters(field, value), "FromClaim"))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "parameters of the claim: %s is \"%s\", and must be %s"
                .formatted(field, value, right(field, right)));
  }

  private static String right(String field, String right) {
    return field.equals("mac") ? right + ", such as 52:54:00:12:34:56" : right;
  }

  @ParameterizedTest
  @CsvSource({"0", "4095", "-1"})
  void refusesVlansThatAreNone(int vlan) {
    assertThatThrownBy(() -> DeviceSettingsParser.parse(parameters("vlan", vlan), "FromClass"))
        .hasMessageContaining("parameters of the DeviceClass: vlan is \"%d\"".formatted(vlan));
  }

  @Test
  void refusesFieldsItDoesNotKnow() {
    assertThatThrownBy(() -> DeviceSettingsParser.parse(parameters("vlanId", 7), "FromClaim"))
        .hasMessageContaining(
            "have the field vlanId, and may have [apiVersion, bootOrder, guestAddress,");
  }

  @Test
  void refusesParametersOfAnotherKind() {
    var parameters = parameters("vlan", 7);
    parameters.put("kind", "GpuConfig");
    assertThatThrownBy(() -> DeviceSettingsParser.parse(parameters, "FromClaim"))
        .hasMessage(
            "parameters of the claim are GpuConfig of bulkhead.dev/v1alpha1, and must be"
                + " DeviceSettings of bulkhead.dev/v1alpha1");
  }
}
