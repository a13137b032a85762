#!/bin/bash
# Debian 12's libvirt 9.0 and QEMU 7.2. Of libvirt's drivers only the one for QEMU: the network filter driver, for one,
# would run iptables at every start.
set -euo pipefail
mmdebstrap --variant=minbase \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/lib/*/libvirt/connection-driver/*' \
  --dpkgopt='path-include=/usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so' \
  --include=libvirt-daemon,libvirt-daemon-driver-qemu,qemu-system-x86,qemu-utils,seabios,ipxe-qemu,ovmf \
  bookworm debian.tar
