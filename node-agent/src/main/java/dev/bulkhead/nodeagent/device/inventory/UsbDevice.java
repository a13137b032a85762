package dev.bulkhead.nodeagent.device.inventory;

import java.util.regex.Pattern;

/// A USB device, hubs not among them.
///
/// @param port where it is plugged in, stable over unplugging: `1-4.2`, bus and port numbers
/// @param bus and `number`: what usbfs calls it, another after each plugging
/// @param vendor four hexadecimal digits, like `product`
/// @param serial null when it has none, like `productName` and `vendorName`
/// @param controller the PCI function of its host controller; null for a controller of another kind
/// @param input whether it is a keyboard, mouse or the like
public record UsbDevice(
    String port,
    int bus,
    int number,
    String vendor,
    String product,
    String vendorName,
    String productName,
    String serial,
    PciAddress controller,
    boolean input) {

  /// Interfaces have a colon behind the port, root hubs are `usb1`.
  private static final Pattern PORT = Pattern.compile("\\d+-\\d+(\\.\\d+)*");

  public static boolean isPort(String text) {
    return PORT.matcher(text).matches();
  }
}
