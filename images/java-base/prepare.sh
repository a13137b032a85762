#!/bin/bash
# Links a Java runtime from Debian 13's OpenJDK, with the modules that operator and node agent use, and takes from
# Debian what a runtime needs. Packages are unpacked, not installed: the image has no shell and no package manager.
set -euo pipefail

modules=(java.base java.logging java.management java.naming java.net.http java.rmi java.security.jgss
  java.security.sasl java.sql java.xml jdk.crypto.ec jdk.jfr jdk.management jdk.net jdk.unsupported jdk.zipfs)

mmdebstrap --variant=extract --include=base-files,openjdk-25-jdk-headless trixie jdk
# shellcheck disable=SC2016 # it is the inner shell that expands them
unshare --mount bash -euc 'mount -t proc proc jdk/proc && exec chroot jdk "$@"' - \
  /usr/lib/jvm/java-25-openjdk-amd64/bin/jlink --add-modules "$(IFS=, && echo "${modules[*]}")" \
  --no-header-files --no-man-pages --output /opt/java

mmdebstrap --variant=extract --include=base-files,libc6,libc-bin,libstdc++6,zlib1g trixie root
rm -rf root/usr/share/{doc,man,locale,i18n,info,lintian}
# What installing them would have made.
cp passwd group root/etc/
mkdir -p root/{opt,run,tmp}
chmod 1777 root/tmp
rmdir root/var/run
ln -s /run root/var/run
mv jdk/opt/java root/opt/
ldconfig -r root
tar -C root -cf root.tar .
rm -rf jdk root
