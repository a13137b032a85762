package dev.bulkhead.nodeagent.hypervisor.libvirt;

import java.util.EnumSet;
import java.util.Set;
import org.libvirt.Error.ErrorDomain;
import org.libvirt.Error.ErrorNumber;
import org.libvirt.LibvirtException;

/// Tells libvirt's errors apart, by their numbers.
final class LibvirtErrors {
  private static final Set<ErrorNumber> PASSING =
      EnumSet.of(
          ErrorNumber.VIR_ERR_DOM_EXIST,
          ErrorNumber.VIR_ERR_OPERATION_INVALID,
          ErrorNumber.VIR_ERR_OPERATION_TIMEOUT,
          ErrorNumber.VIR_ERR_OPERATION_ABORTED,
          ErrorNumber.VIR_ERR_RESOURCE_BUSY,
          ErrorNumber.VIR_ERR_NO_MEMORY);

  /// EAGAIN, ENOMEM, ENFILE, EMFILE, ENOSPC, EDQUOT (asm-generic/errno.h): the node has too little
  /// of something, now.
  private static final Set<Integer> TOO_LITTLE = Set.of(11, 12, 23, 24, 28, 122);

  private LibvirtErrors() {}

  static boolean isNoDomain(LibvirtException e) {
    return e.getError().getCode() == ErrorNumber.VIR_ERR_NO_DOMAIN;
  }

  static boolean isNoMetadata(LibvirtException e) {
    return e.getError().getCode() == ErrorNumber.VIR_ERR_NO_DOMAIN_METADATA;
  }

  /// Such as resuming a domain that runs, or that has just ended.
  static boolean isNotInThatState(LibvirtException e) {
    return isNoDomain(e) || e.getError().getCode() == ErrorNumber.VIR_ERR_OPERATION_INVALID;
  }

  /// A start that failed for what may be over at the next: a call for the same domain that is still
  /// under way, perhaps of an agent that was killed amid it, a lock not got in time, a device that
  /// another guest still has, no memory, a full file system. Of system errors, libvirt gives errno
  /// as the first number (virerror.c).
  static boolean isPassing(LibvirtException e) {
    var error = e.getError();
    return PASSING.contains(error.getCode())
        || (error.getCode() == ErrorNumber.VIR_ERR_SYSTEM_ERROR
            && TOO_LITTLE.contains(error.getInt1()));
  }

  /// The connection failed, not what was asked over it.
  static boolean isNoAnswer(LibvirtException e) {
    var error = e.getError();
    return error.getCode() == ErrorNumber.VIR_ERR_RPC
        || error.getCode() == ErrorNumber.VIR_ERR_NO_CONNECT
        || error.getDomain() == ErrorDomain.VIR_FROM_RPC
        || error.getDomain() == ErrorDomain.VIR_FROM_REMOTE;
  }
}
