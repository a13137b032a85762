package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.nodeagent.keeper.Exit;

/// How a guest ended, to be told through its keeper.
///
/// @param message in words, for the VM's owner
record GuestEnd(Exit exit, String message) {

  /// One line of exit, then the message.
  String toText() {
    return exit.name() + "\n" + message;
  }

  static GuestEnd parse(String text) {
    var parts = text.split("\n", 2);
    return new GuestEnd(Exit.valueOf(parts[0]), parts[1]);
  }
}
