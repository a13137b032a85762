package dev.bulkhead.nodeagent.device.claim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VirtualFunctionLinkTest {
  @Test
  void setsWhatTheClaimSays() {
    assertThat(
            VirtualFunctionLink.command(
                "ens1f0", 3, new DeviceSettings.Card("52:54:00:12:34:56", 7, false)))
        .containsSubsequence("dev", "ens1f0", "up")
        .endsWith("vf", "3", "mac", "52:54:00:12:34:56", "vlan", "7", "spoofchk", "off");
  }

  @Test
  void takesAwayWhatAFormerClaimSaid() {
    assertThat(VirtualFunctionLink.command("ens1f0", 0, DeviceSettings.Card.NONE))
        .endsWith("vf", "0", "mac", "00:00:00:00:00:00", "vlan", "0");
  }
}
