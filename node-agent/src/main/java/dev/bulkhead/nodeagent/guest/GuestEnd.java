package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.nodeagent.keeper.Exit;
import java.util.Arrays;

/// How a guest ended, to be told through its keeper.
///
/// @param message in words, for the VM's owner
record GuestEnd(Exit exit, String message) {

  /// One line of exit, then the message.
  String toText() {
    return exit.name() + "\n" + message;
  }

  /// What another version wrote in other words is an end all the same.
  static GuestEnd parse(String text) {
    var lines = text.split("\n", 2);
    return Arrays.stream(Exit.values())
        .filter(exit -> lines.length == 2 && exit.name().equals(lines[0]))
        .findFirst()
        .map(exit -> new GuestEnd(exit, lines[1]))
        .orElseGet(() -> new GuestEnd(Exit.CRASHED, text));
  }
}
