package dev.bulkhead.nodeagent.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class LinuxIT {

  /// A thread is born in the namespaces of the one that starts it. So those that enter others must
  /// start none, not even by waking up a virtual thread.
  @Test
  void noThreadOfTheProgramStaysInAnotherNamespace() throws IOException {
    try (var pod = Namespaced.start("--net", "ip link set lo up")) {
      var program =
          new ProcessBuilder(
                  List.of(
                      ProcessHandle.current().info().command().orElseThrow(),
                      "-Djdk.virtualThreadScheduler.parallelism=8",
                      "--enable-native-access=ALL-UNNAMED",
                      "-cp",
                      System.getProperty("java.class.path"),
                      StrayThreads.class.getName(),
                      Integer.toString(pod.pid())))
              .redirectError(Redirect.INHERIT)
              .start();
      var said = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(program.onExit().join().exitValue()).as(said).isZero();
      assertThat(said).as("threads in other namespaces").isEmpty();
    }
  }
}
