package dev.bulkhead.nodeagent.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jboss.logging.Logger;

/// The kernel's announcements of devices that come, go and change (netlink(7),
/// NETLINK_KOBJECT_UEVENT). Every network namespace hears them. What they say of a device is not
/// passed on: whoever wants to know looks into sysfs.
public final class Uevents {
  private static final Logger LOG = Logger.getLogger(Uevents.class);

  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW_CLOEXEC = 0x80003;
  private static final int NETLINK_KOBJECT_UEVENT = 15;

  /// The kernel's own; group 2 is udev's.
  private static final int KERNEL_GROUP = 1;

  private static final int ADDRESS_BYTES = 12;

  /// UEVENT_BUFFER_SIZE and the headline (linux/kobject.h).
  private static final int MESSAGE_BYTES = 4096;

  private static final int ENOBUFS = 105;
  private static final int EINTR = 4;

  private static final LibC LIBC = Native.load(Platform.C_LIBRARY_NAME, LibC.class);

  private Uevents() {}

  private interface LibC extends Library {
    int socket(int domain, int type, int protocol) throws LastErrorException;

    int bind(int socket, byte[] address, int length) throws LastErrorException;

    int recv(int socket, byte[] buffer, int length, int flags) throws LastErrorException;
  }

  /// Calls until this program ends, from a thread of its own, and at least once for any number of
  /// events.
  ///
  /// @param subsystems the kernel's names: `pci`, `usb`
  public static void listen(Set<String> subsystems, Runnable onEvent) throws IOException {
    int socket;
    try {
      socket = LIBC.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_KOBJECT_UEVENT);
      LIBC.bind(socket, address(), ADDRESS_BYTES);
    } catch (LastErrorException e) {
      throw new IOException("listening for device events: " + e.getMessage(), e);
    }
    Thread.ofPlatform().name("uevents").daemon().start(() -> listen(socket, subsystems, onEvent));
  }

  /// struct sockaddr_nl: family, padding, port (the kernel chooses), groups.
  private static byte[] address() {
    return ByteBuffer.allocate(ADDRESS_BYTES)
        .order(ByteOrder.nativeOrder())
        .putShort((short) AF_NETLINK)
        .putShort((short) 0)
        .putInt(0)
        .putInt(KERNEL_GROUP)
        .array();
  }

  private static void listen(int socket, Set<String> subsystems, Runnable onEvent) {
    var buffer = new byte[MESSAGE_BYTES];
    while (true) {
      try {
        int length = LIBC.recv(socket, buffer, buffer.length, 0);
        if (isOf(subsystems, new String(buffer, 0, length, StandardCharsets.UTF_8))) {
          onEvent.run();
        }
      } catch (LastErrorException e) {
        if (e.getErrorCode() == ENOBUFS) {
          onEvent.run(); // some were lost
        } else if (e.getErrorCode() != EINTR) {
          LOG.errorf("device events are heard no more: %s", e.getMessage());
          return;
        }
      }
    }
  }

  /// `add@/devices/…`, then `KEY=value`, each ended by a zero.
  static boolean isOf(Set<String> subsystems, String message) {
    for (var field : message.split("\0", -1)) {
      if (field.startsWith("SUBSYSTEM=")) {
        return subsystems.contains(field.substring("SUBSYSTEM=".length()));
      }
    }
    return false;
  }
}
