#!/usr/bin/env bash
# Makes sure that all is here which the build, the bed and the tests need, and installs only what is missing, from Debian and
# the Go module proxy. Made for Debian 12. Does nothing, in a second, if nothing is missing.
set -euo pipefail
cd "$(dirname "$0")"
. ./env.sh
mkdir -p "$BULKHEAD_CACHE"

fail() {
  echo "install-deps: $*" >&2
  exit 1
}
[ "$(id -u)" = 0 ] || fail "the bed needs root for mounts, cgroups and packages: run it through sudo, or as root"

missing=()
need() { # PACKAGE FILE_OR_COMMAND WHY: asks for the package unless what is wanted of it is here
  case $2 in
    /*) [ ! -e "$2" ] || return 0 ;;
    *) ! command -v "$2" >/dev/null || return 0 ;;
  esac
  echo "missing: $1, $3"
  missing+=("$1")
}

has_go() { # Kubernetes' go.mod asks for this version at least
  local version
  version=$(go env GOVERSION 2>/dev/null) && printf 'go1.26.6\n%s\n' "$version" | sort -CV
}

need docker.io dockerd "runs the bed's machines"
need mmdebstrap mmdebstrap "makes the images' root file systems from Debian packages"
need busybox-static /var/lib/dpkg/info/busybox-static.list "is the userland of the test images"
need gcc gcc "compiles what is C in runc"
need libc6-dev /usr/include/stdio.h "has the headers for that"
need musl-tools musl-gcc "compiles the keeper, as small as a process can be"
need libseccomp-dev /usr/include/seccomp.h "lets runc filter system calls"
need pkg-config pkg-config "finds libseccomp for runc"
need maven mvn "builds the Java modules"
need openssl openssl "makes the bed's certificates"
need libvirt0 /usr/lib/x86_64-linux-gnu/libvirt.so.0 "is called by the node agent's tests"
need libvirt-clients virt-xml-validate "checks every domain XML that a test makes"
need libxml2-utils xmllint "is what virt-xml-validate runs on"
need qemu-utils qemu-img "makes the guests' disks"
need genisoimage genisoimage "makes the guests' cloud-init seeds"
need libvirt-daemon libvirtd "runs the node agent's tests of its libvirt adapter, as an unprivileged user"
need libvirt-daemon-driver-qemu /usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so "lets it run QEMU"
need qemu-system-x86 qemu-system-x86_64 "is the QEMU of those tests"
need nftables nft "joins guests to their pods' networks, in tests of that"
need jq jq "reads JSON in scripts"
[ -n "${JAVA_HOME:-}" ] || need patchelf patchelf "lets Debian 13's JDK run here"
has_go || need golang-go go "fetches a newer Go, of which it is too old a version itself"

if [ ${#missing[@]} -gt 0 ]; then
  echo "installing ${missing[*]}"
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >"$BULKHEAD_CACHE/apt.log" 2>&1 ||
    fail "apt-get failed: $(tail -n 5 "$BULKHEAD_CACHE/apt.log")"
fi
[ -n "${JAVA_HOME:-}" ] || { echo "missing: JDK 25, builds the Java modules"; ./install-jdk.sh; }
has_go || { echo "missing: Go 1.26.6 or newer, builds Kubernetes"; ./install-go.sh; }

[ -e /dev/net/tun ] || modprobe tun || fail "/dev/net/tun is missing, and with it the guests' network: load the kernel module tun"

if ! docker info >/dev/null 2>&1; then
  echo "no Docker daemon answers, starting one"
  if [ -d /run/systemd/system ]; then
    systemctl start docker
  else
    setsid dockerd >"$BULKHEAD_CACHE/dockerd.log" 2>&1 </dev/null &
  fi
  timeout 60 bash -c 'until docker info >/dev/null 2>&1; do sleep 0.5; done' ||
    fail "the Docker daemon does not start: $(tail -n 5 "$BULKHEAD_CACHE/dockerd.log" 2>/dev/null)"
fi
