package dev.bulkhead.nodeagent.domain;

/// A text of the VM cannot be said in libvirt's XML. The message is meant for the VM's owner.
public final class UnencodableTextException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// How much of the text is quoted back.
  private static final int QUOTED = 60;

  UnencodableTextException(String what, String text) {
    super(
        "a text of this VM contains %s, which libvirt cannot be given; remove it: \"%s\""
            .formatted(what, quote(text)));
  }

  private static String quote(String text) {
    var start = text.length() > QUOTED ? text.substring(0, QUOTED) + "…" : text;
    return start.replaceAll("[^\\P{C}…]", "�");
  }
}
