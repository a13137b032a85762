package dev.bulkhead.nodeagent.guest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bulkhead.nodeagent.domain.Specs;
import dev.bulkhead.nodeagent.keeper.Exit;
import dev.bulkhead.nodeagent.pod.PodUid;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestFilesTest {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00.123456Z");

  @TempDir Path guests;
  private GuestFiles files;

  @BeforeEach
  void aGuest() throws IOException {
    files = new GuestFiles(guests);
    files.create(Specs.POD);
  }

  @Test
  void rememberAllThatAnotherAgentMustKnow() throws IOException {
    var end = new GuestEnd(Exit.CRASHED, "first line\nsecond line");
    files.markBooted(Specs.POD, NOW);
    files.markEnd(Specs.POD, end);

    var afterRestart = new GuestFiles(guests);
    assertThat(afterRestart.pods()).containsExactly(Specs.POD);
    assertThat(afterRestart.bootedAt(Specs.POD)).isEqualTo(NOW);
    assertThat(afterRestart.end(Specs.POD)).isEqualTo(end);
  }

  @Test
  void knowNothingOfAGuestThatHasNotRun() throws IOException {
    assertThat(files.bootedAt(Specs.POD)).isNull();
    assertThat(files.end(Specs.POD)).isNull();
  }

  @Test
  void doNotBelieveWhatAKilledAgentLeftUnfinished() throws IOException {
    Files.writeString(files.directory(Specs.POD).path().resolve(".booted.draft"), "2026-");

    assertThat(files.bootedAt(Specs.POD)).isNull();
    files.markBooted(Specs.POD, NOW);
    assertThat(files.bootedAt(Specs.POD)).isEqualTo(NOW);
  }

  @Test
  void areGoneAfterwards() throws IOException {
    files.markBooted(Specs.POD, NOW);

    files.delete(Specs.POD);
    files.delete(Specs.POD);

    assertThat(files.exist(Specs.POD)).isFalse();
    assertThat(guests).isEmptyDirectory();
  }

  @Test
  void letTheGuestsOwnQemuPassToItsSocketsAndNobodyElse() throws IOException {
    var user = files.create(Specs.POD);
    var directory = files.directory(Specs.POD);

    assertThat(permissions(directory.path())).isEqualTo("rwx--x---");
    assertThat(Files.getAttribute(directory.path(), "unix:uid")).isEqualTo(0);
    assertThat(Files.getAttribute(directory.path(), "unix:gid")).isEqualTo(user.id());
    assertThat(permissions(directory.sockets())).isEqualTo("rwx------");
    assertThat(Files.getAttribute(directory.sockets(), "unix:uid")).isEqualTo(user.id());
  }

  @Test
  void giveEachGuestAUserThatIsStillItsOwnAfterARestart() throws IOException {
    var user = files.create(Specs.POD);
    var neighbour = new PodUid(Specs.POD.value().replace("0f0e0d0c", "00000000"));

    var afterRestart = new GuestFiles(guests);
    assertThat(afterRestart.create(neighbour)).isNotEqualTo(user);
    assertThat(afterRestart.create(Specs.POD)).isEqualTo(user);
  }

  @Test
  void leaveAloneWhatIsNoGuests() throws IOException {
    Files.createFile(guests.resolve("README"));

    assertThat(files.pods()).containsExactly(Specs.POD);
  }

  @Test
  void keepTheEndOfAConsoleThatIsWrittenToWithoutEnd() throws IOException {
    var log = files.directory(Specs.POD).consoleLog();
    try (var qemu =
        Files.newOutputStream(log, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      qemu.write("x".repeat(2 << 20).getBytes(StandardCharsets.US_ASCII));
      qemu.write("last words".getBytes(StandardCharsets.US_ASCII));

      files.trimConsole(Specs.POD);
      qemu.write(", and more".getBytes(StandardCharsets.US_ASCII));
    }

    assertThat(Files.size(log)).isLessThan(1 << 20);
    assertThat(log).content().endsWith("xlast words, and more");
  }

  @Test
  void leaveAShortConsoleAsItIs() throws IOException {
    Files.writeString(files.directory(Specs.POD).consoleLog(), "guest: booted\n");

    files.trimConsole(Specs.POD);

    assertThat(files.directory(Specs.POD).consoleLog()).hasContent("guest: booted\n");
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
