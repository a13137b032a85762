#!/usr/bin/env bash
# Makes bulkhead-bed/node, the image of every machine of the bed: a Debian userland without one Kubernetes binary (those
# are mounted), with the sandbox image in /pause.tar. Rebuilt only when this recipe changes: the image carries its digest.
set -euo pipefail
cd "$(dirname "$0")"
recipe=$(cat build-node-image.sh pause.c | sha256sum | cut -c1-12)
[ "$(docker image inspect -f '{{index .Config.Labels "recipe"}}' bulkhead-bed/node 2>/dev/null)" != "$recipe" ] || exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/pause"
gcc -Os -static -s -o "$work/pause/pause" pause.c
tar -C "$work/pause" --owner=0 --group=0 -c . | docker import -c 'ENTRYPOINT ["/pause"]' - bulkhead-bed/pause >/dev/null
docker save bulkhead-bed/pause -o "$work/pause.tar"

# conntrack, iptables, kmod, ethtool: looked for by kubelet and kube-proxy. libseccomp2: runc is linked with it.
# curl, iputils-ping: for a person who looks around. tini: reaps what dies in a node.
echo "building the node image (about a minute)"
mmdebstrap --quiet --variant=minbase --mode=root \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --include=ca-certificates,conntrack,curl,ethtool,iproute2,iptables,iputils-ping,kmod,libseccomp2,mount,nftables,procps,tini,util-linux \
  --customize-hook="copy-in $work/pause.tar /" \
  bookworm "$work/node.tar"
docker import -c 'ENTRYPOINT ["/usr/bin/tini", "-g", "--"]' -c "LABEL recipe=$recipe" "$work/node.tar" bulkhead-bed/node >/dev/null
