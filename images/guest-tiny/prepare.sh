#!/bin/bash
# env: KERNEL, MODULES: another Debian kernel, and more of its modules
set -euo pipefail
kernel_package=${KERNEL:-linux-image-cloud-amd64}

# What virtual hardware needs that is no fixed part of Debian's cloud kernel. (That kernel has no AHCI: this guest
# sees no disk on a SATA bus.)
modules=(virtio_pci virtio_blk virtio_net virtio_console virtio_rng virtio_scsi virtio_balloon
  sd_mod sr_mod isofs vfat nls_ascii button evdev pvpanic-mmio ${MODULES:-})

mmdebstrap --variant=extract --include="$kernel_package",busybox-static,kmod bookworm debian
kernel=$(basename debian/boot/vmlinuz-*)
kernel=${kernel#vmlinuz-}
cp "debian/boot/vmlinuz-$kernel" vmlinuz

mkdir -p rootfs/{bin,dev,proc,run,sys,tmp,mnt}
cp debian/bin/busybox rootfs/bin/
for applet in $(rootfs/bin/busybox --list); do
  [ -e "rootfs/sbin/$applet" ] || [ -e "rootfs/bin/$applet" ] || ln -s busybox "rootfs/bin/$applet"
done
ln -s /bin/busybox rootfs/init

chroot debian depmod "$kernel"
for module in "${modules[@]}"; do
  chroot debian modprobe --set-version "$kernel" --show-depends "$module"
done | awk '$1 == "insmod" { print $2 }' | while read -r file; do
  install -D -m 644 "debian$file" "rootfs$file"
done
chroot rootfs /bin/busybox depmod "$kernel"
echo "${modules[*]}" >rootfs/etc/modules

(cd rootfs && find . | LC_ALL=C sort | busybox cpio -o -H newc -R 0:0) >initrd.img
