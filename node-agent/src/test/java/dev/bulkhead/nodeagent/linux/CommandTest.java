package dev.bulkhead.nodeagent.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandTest {
  @TempDir Path folder;

  @Test
  void failsWithTheProgramsOwnWords() {
    assertThatThrownBy(() -> Command.run("sh", "-c", "echo no such device >&2; exit 3"))
        .isInstanceOf(IOException.class)
        .hasMessage("sh failed (3): no such device");
  }

  @Test
  void quotesNoMoreThanTheEndOfManyWords() {
    assertThatThrownBy(() -> Command.run("sh", "-c", "seq 1 100000; echo the end; exit 1"))
        .hasMessageEndingWith("the end")
        .message()
        .hasSizeLessThan(600);
  }

  @Test
  void letsNoShellReadItsArguments() throws IOException {
    var odd = folder.resolve("a b; $(touch c) '\"");

    Command.run("touch", odd.toString());

    assertThat(odd).exists();
    assertThat(folder).isDirectoryNotContaining(file -> file.endsWith("c"));
  }

  @Test
  void addsToTheEnvironment() throws IOException {
    var file = folder.resolve("file");

    Command.run(List.of("sh", "-c", "printf %s \"$WORDS\" >" + file), Map.of("WORDS", "a\nb"));

    assertThat(file).hasContent("a\nb");
  }
}
