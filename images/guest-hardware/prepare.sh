#!/bin/bash
set -euo pipefail

cp -a "$IMAGES/guest-tiny/rootfs" .
KERNEL=linux-image-amd64 MODULES="nvme e1000e igbvf xhci_pci usb_storage" exec "$IMAGES/guest-tiny/prepare.sh"
