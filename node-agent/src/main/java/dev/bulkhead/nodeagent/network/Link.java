package dev.bulkhead.nodeagent.network;

import dev.bulkhead.nodeagent.pod.PodUid;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// The wire between a guest and its pod: a tap device on the pod's side, a network card with a MAC
/// address on the guest's. Both names follow from uids, so they need not be remembered.
public record Link(String tap, String mac) {

  /// The same two always give the same link.
  ///
  /// @param vmUid decides the MAC address, so that it stays over all lives of the VM
  public static Link of(PodUid pod, String vmUid) {
    return new Link(tap(pod), mac(vmUid));
  }

  /// 15 characters is all that Linux allows (IFNAMSIZ - 1); 48 random bits of the uid fit.
  private static String tap(PodUid pod) {
    return "vm-" + pod.hex().substring(0, 12);
  }

  /// Locally administered, unicast: second-lowest bit of the first byte set, lowest clear (IEEE
  /// 802).
  private static String mac(String vmUid) {
    var digest = sha256(vmUid);
    return "02:" + HexFormat.ofDelimiter(":").formatHex(digest, 0, 5);
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
