package dev.bulkhead.nodeagent.hypervisor.libvirt;

import org.libvirt.Error.ErrorDomain;
import org.libvirt.Error.ErrorNumber;
import org.libvirt.LibvirtException;

/// Tells libvirt's errors apart, by their numbers.
final class LibvirtErrors {
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

  /// The connection failed, not what was asked over it.
  static boolean isNoAnswer(LibvirtException e) {
    var error = e.getError();
    return error.getCode() == ErrorNumber.VIR_ERR_RPC
        || error.getCode() == ErrorNumber.VIR_ERR_NO_CONNECT
        || error.getDomain() == ErrorDomain.VIR_FROM_RPC
        || error.getDomain() == ErrorDomain.VIR_FROM_REMOTE;
  }
}
