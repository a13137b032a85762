#!/bin/bash
# One FAT partition from which both firmwares boot: GRUB for BIOS before it, GRUB for UEFI in it. Made without mounts.
set -euo pipefail

mmdebstrap --variant=extract --include=dash,coreutils,grub-common,grub-pc-bin,grub-efi-amd64-bin,mtools,fdisk bookworm tools
guest=$(docker create "localhost/bulkhead/guest-tiny:$VERSION" none)
docker cp "$guest:/boot/." tools/tmp
docker rm "$guest"

cp make-disk grub.cfg tools/tmp/
chroot tools sh /tmp/make-disk
qemu-img convert -c -O qcow2 tools/tmp/disk.raw disk.qcow2
rm -rf tools
