#!/bin/bash
set -euo pipefail

# What virtual hardware needs that is no fixed part of Debian's kernels. `ahci` (disks on a SATA bus) only the generic
# kernel has.
modules=(virtio_pci virtio_blk virtio_net virtio_console virtio_rng virtio_scsi virtio_balloon
  ahci sd_mod sr_mod isofs vfat nls_ascii af_packet button evdev)

mmdebstrap --variant=extract --include=linux-image-cloud-amd64,linux-image-amd64,busybox-static,kmod bookworm debian

mkdir -p rootfs/{bin,dev,proc,run,sys,tmp,mnt}
cp debian/bin/busybox rootfs/bin/
for applet in $(rootfs/bin/busybox --list); do
  [ -e "rootfs/sbin/$applet" ] || [ -e "rootfs/bin/$applet" ] || ln -s busybox "rootfs/bin/$applet"
done
ln -s /bin/busybox rootfs/init

echo "${modules[*]}" >rootfs/etc/modules

for image in debian/boot/vmlinuz-*; do
  kernel=${image#debian/boot/vmlinuz-}
  case $kernel in
    *-cloud-*) cp "$image" vmlinuz ;;
    *) cp "$image" vmlinuz-generic ;;
  esac
  chroot debian depmod "$kernel"
  for module in "${modules[@]}"; do
    chroot debian modprobe --quiet --set-version "$kernel" --show-depends "$module" || true
  done | awk '$1 == "insmod" { print $2 }' | while read -r file; do
    install -D -m 644 "debian$file" "rootfs$file"
  done
  chroot rootfs /bin/busybox depmod "$kernel"
done

(cd rootfs && find . | LC_ALL=C sort | busybox cpio -o -H newc -R 0:0) >initrd.img
