#!/usr/bin/env bash
# Makes bulkhead-bed/node, the image of every machine of the bed: a Debian userland without one Kubernetes binary, which are
# mounted. Rebuilt only when this recipe changes: the image carries its digest.
set -euo pipefail
cd "$(dirname "$0")"
recipe=$(sha256sum <build-node-image.sh | cut -c1-12)
[ "$(docker image inspect -f '{{index .Config.Labels "recipe"}}' bulkhead-bed/node 2>/dev/null)" != "$recipe" ] || exit 0

echo "building the node image (about a minute)"
# conntrack, ethtool, iptables, kmod: looked for by kubelet and kube-proxy. libseccomp2: runc is linked with it.
# curl, iputils-ping: for a person who looks around. tini: reaps what dies in a node.
mmdebstrap --quiet --variant=minbase --mode=root \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --include=ca-certificates,conntrack,curl,ethtool,iproute2,iptables,iputils-ping,kmod,libseccomp2,mount,nftables,procps,tini,util-linux \
  bookworm - |
  docker import -c 'ENTRYPOINT ["/usr/bin/tini", "-g", "--"]' -c "LABEL recipe=$recipe" - bulkhead-bed/node >/dev/null
