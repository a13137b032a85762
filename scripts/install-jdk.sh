#!/usr/bin/env bash
# Unpacks Debian 13's JDK 25 into $BULKHEAD_CACHE/jdk-25, so that it runs on Debian 12: the JDK wants a newer C library than
# Debian 12 has, so that library comes along, and the JDK's programs (not what they start) are told to use it.
set -euo pipefail
. "$(dirname "$0")/env.sh"

jdk=$BULKHEAD_CACHE/jdk-25
root=$(mktemp -d)
trap 'rm -rf "$root" "$jdk.new"' EXIT

echo "JDK 25: unpacking Debian 13's packages (about 20 s)"
mmdebstrap --quiet --variant=extract --mode=root --include=openjdk-25-jdk-headless trixie "$root"
rm -rf "$jdk" "$jdk.new"
cp -r "$root/usr/lib/jvm/java-25-openjdk-amd64" "$jdk.new"
find "$jdk.new" -type l -lname '/etc/java-25-openjdk/*' | while read -r link; do
  cp --remove-destination "$root$(readlink "$link")" "$link"
done

libraries=$jdk.new/lib/debian-13
mkdir "$libraries"
for library in ld-linux-x86-64.so.2 libc.so.6 libdl.so.2 libgcc_s.so.1 libm.so.6 libpthread.so.0 libresolv.so.2 librt.so.1 \
  libstdc++.so.6 libz.so.1; do
  cp -L "$root/usr/lib/x86_64-linux-gnu/$library" "$libraries/"
done
# --force-rpath: unlike a runpath it also holds for the libraries that the program loads.
find "$jdk.new/bin" "$jdk.new/lib" -maxdepth 1 -type f -executable | while read -r program; do
  patchelf --print-interpreter "$program" >/dev/null 2>&1 || continue
  patchelf --set-interpreter "$jdk/lib/debian-13/ld-linux-x86-64.so.2" \
    --force-rpath --set-rpath '$ORIGIN:$ORIGIN/../lib:$ORIGIN/debian-13:$ORIGIN/../lib/debian-13' "$program"
done
mv "$jdk.new" "$jdk"
"$jdk/bin/java" -version 2>&1 | head -1
