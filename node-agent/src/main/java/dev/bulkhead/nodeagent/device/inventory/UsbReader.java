package dev.bulkhead.nodeagent.device.inventory;

import dev.bulkhead.nodeagent.device.inventory.Sysfs.MalformedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Reads `/sys/bus/usb/devices` (kernel, Documentation/ABI/stable/sysfs-bus-usb).
final class UsbReader {
  /// USB-IF's defined class codes.
  private static final String HUB = "09";

  private static final String HUMAN_INTERFACE = "03";

  private final Path all;

  UsbReader(Path sys) {
    all = sys.resolve("bus/usb/devices");
  }

  /// One whose files make no sense is being unplugged, or of no use: it is left out.
  List<UsbDevice> read() throws IOException {
    var names = Sysfs.names(all);
    var devices = new ArrayList<UsbDevice>();
    for (var port : names) {
      var directory = all.resolve(port);
      if (UsbDevice.isPort(port) && !HUB.equals(Sysfs.text(directory.resolve("bDeviceClass")))) {
        try {
          devices.add(
              device(
                  port,
                  directory,
                  names.stream()
                      .filter(name -> name.startsWith(port + ":"))
                      .anyMatch(name -> isInput(all.resolve(name)))));
        } catch (MalformedException | IOException _) {
          // left out
        }
      }
    }
    return List.copyOf(devices);
  }

  private static boolean isInput(Path usbInterface) {
    return HUMAN_INTERFACE.equals(Sysfs.text(usbInterface.resolve("bInterfaceClass")));
  }

  private static UsbDevice device(String port, Path directory, boolean input)
      throws IOException, MalformedException {
    return new UsbDevice(
        port,
        number(directory.resolve("busnum")),
        number(directory.resolve("devnum")),
        id(directory.resolve("idVendor")),
        id(directory.resolve("idProduct")),
        Sysfs.text(directory.resolve("manufacturer")),
        Sysfs.text(directory.resolve("product")),
        Sysfs.text(directory.resolve("serial")),
        controller(Sysfs.real(directory)),
        input);
  }

  private static int number(Path file) throws MalformedException {
    return (int) Sysfs.number(file).orElseThrow(() -> new MalformedException(file, "nothing"));
  }

  private static String id(Path file) throws MalformedException {
    var id = Sysfs.text(file);
    if (id == null || !id.matches("[0-9a-f]{4}")) {
      throw new MalformedException(file, String.valueOf(id));
    }
    return id;
  }

  /// `…/0000:00:14.0/usb1/1-4/1-4.2`
  private static PciAddress controller(Path real) {
    for (var at = real; at != null && at.getFileName() != null; at = at.getParent()) {
      if (PciAddress.isOne(at.getFileName().toString())) {
        return PciAddress.parse(at.getFileName().toString());
      }
    }
    return null;
  }
}
