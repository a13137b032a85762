#!/bin/bash
# What the node agent calls or reads: libvirt's client library, qemu-img, genisoimage, ip, nft, nsenter, unshare, mount, sh, pci.ids.
# Unpacked, not installed, like the base that it is laid over.
set -euo pipefail
mmdebstrap --variant=extract \
  --include=libvirt0,qemu-utils,pci.ids,genisoimage,iproute2,nftables,util-linux,mount,dash,coreutils \
  trixie root
rm -rf root/usr/share/{doc,man,locale,i18n,info,lintian,bash-completion}
ldconfig -r root
tar -C root -cf root.tar .
rm -rf root
