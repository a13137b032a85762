package dev.bulkhead.operator.virtualmachine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.crds.VirtualMachineStatus;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VmEventTest {
  @ParameterizedTest
  @CsvSource({"Running, Normal", "PoweredOff, Normal", "Crashed, Warning", "NameTaken, Warning"})
  void aNewReasonIsToldAsGoodOrBadNews(String reason, String type) {
    assertThat(VmEvent.between(status("Starting", "False", ""), status(reason, "False", "")))
        .containsExactly(new VmEvent(type, reason, "in words"));
    assertThat(VmEvent.between(null, status(reason, "False", ""))).hasSize(1);
  }

  @Test
  void whatWasToldIsNotToldAgain() {
    assertThat(VmEvent.between(status("Running", "True", "x"), status("Running", "True", "x")))
        .isEmpty();
  }

  @Test
  void eachChangeThatWaitsForARestartIsToldAndNoneThatWasTakenBack() {
    assertThat(VmEvent.between(status("Running", "True", "x"), status("Running", "True", "y")))
        .containsExactly(new VmEvent("Normal", "RestartRequired", "y"));
    assertThat(VmEvent.between(status("Running", "True", "x"), status("Running", "False", "y")))
        .isEmpty();
  }

  private static VirtualMachineStatus status(String running, String restart, String why) {
    var status = new VirtualMachineStatus();
    status.setConditions(
        List.of(
            new ConditionBuilder()
                .withType("Running")
                .withReason(running)
                .withMessage("in words")
                .build(),
            new ConditionBuilder()
                .withType("RestartRequired")
                .withStatus(restart)
                .withMessage(why)
                .build()));
    return status;
  }
}
