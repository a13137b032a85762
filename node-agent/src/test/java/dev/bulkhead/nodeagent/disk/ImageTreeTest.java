package dev.bulkhead.nodeagent.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageTreeTest {
  @TempDir Path node;
  private Path image;
  private ImageTree tree;

  @BeforeEach
  void anImageBesideASecretOfTheNode() throws IOException {
    image = Files.createDirectories(node.resolve("image"));
    Files.createDirectories(image.resolve("boot"));
    Files.writeString(image.resolve("boot/vmlinuz-6.1"), "kernel");
    Files.writeString(node.resolve("secret"), "of the node");
    tree = new ImageTree("example/image", image);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/boot/vmlinuz-6.1", "boot/vmlinuz-6.1", "/boot//../boot/./vmlinuz-6.1"})
  void findsAFile(String path) throws IOException, RefusedException {
    assertThat(tree.file(path)).isEqualTo(Path.of("boot/vmlinuz-6.1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"boot/vmlinuz-6.1", "/boot/vmlinuz-6.1", "../../boot/vmlinuz-6.1"})
  void followsLinksAsIfTheImageWereTheRoot(String target) throws IOException, RefusedException {
    Files.createSymbolicLink(image.resolve("vmlinuz"), Path.of(target));

    assertThat(tree.file("/vmlinuz")).isEqualTo(Path.of("boot/vmlinuz-6.1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../secret", "../../../../../../secret", "/../secret"})
  void neverLeavesTheImage(String target) throws IOException {
    Files.createSymbolicLink(image.resolve("link"), Path.of(target));
    Files.createSymbolicLink(image.resolve("absolute"), node.resolve("secret"));

    assertRefused("/link");
    assertRefused("/absolute");
    assertRefused(target);
  }

  @Test
  void givesUpOnLinksInACircle() throws IOException {
    Files.createSymbolicLink(image.resolve("a"), Path.of("b"));
    Files.createSymbolicLink(image.resolve("b"), Path.of("a"));

    assertThatThrownBy(() -> tree.file("/a"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("too many links");
  }

  @Test
  void takesNoDirectoryForAFile() {
    assertRefused("/boot");
    assertRefused("/");
  }

  @Test
  void findsTheOnlyFileOfADirectory() throws IOException, RefusedException {
    assertThat(tree.onlyFileIn("/boot")).isEqualTo(Path.of("boot/vmlinuz-6.1"));
  }

  @Test
  void asksForAPathWhereThereIsNotExactlyOneFile() throws IOException {
    Files.writeString(image.resolve("boot/initrd"), "another");

    assertThatThrownBy(() -> tree.onlyFileIn("/boot"))
        .isInstanceOf(RefusedException.class)
        .hasMessage(
            "image example/image has 2 files in /boot, not exactly one: say which is the disk with"
                + " image.path");
    assertThatThrownBy(() -> tree.onlyFileIn("/disk"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("has no files in /disk");
  }

  private void assertRefused(String path) {
    assertThatThrownBy(() -> tree.file(path))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("has no file " + path);
  }
}
