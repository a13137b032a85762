#!/usr/bin/env bash
# Builds the bed's Kubernetes components from the go.mod files beside this script, each into
#   $BULKHEAD_CACHE/tools/<component>-<digest>/bin
# where the digest covers go.mod, go.sum and this script: a component is rebuilt only when its version changes.
# usage: build-tools.sh [component...]
set -euo pipefail
cd "$(dirname "$0")/go"
cache=${BULKHEAD_CACHE:-$HOME/.cache/bulkhead}/tools
mkdir -p "$cache"

version_of_kubernetes() { sed -n 's/^require k8s.io\/kubernetes v//p' kubernetes/go.mod; }

build() { # component: builds into a scratch folder, then renames, so that a killed build leaves nothing half-made
  local component=$1 digest out flags=() started=$SECONDS
  digest=$(cat "$component"/go.mod "$component"/go.sum ../build-tools.sh | sha256sum | cut -c1-12)
  out=$cache/$component-$digest
  if [ ! -d "$out" ]; then
    echo "building $component" # kubernetes: 11 min on 2 cores from nothing, the others together 5
    rm -rf "$cache/.$component"; mkdir -p "$cache/.$component/bin"
    local ldflags="-s -w" cgo=0
    case $component in
      kubernetes) # without these the components report v0.0.0-master, which kubelet and API server refuse to mix
        local v; v=$(version_of_kubernetes)
        ldflags+=" -X k8s.io/component-base/version.gitVersion=v$v"
        ldflags+=" -X k8s.io/component-base/version.gitMajor=${v%%.*}"
        ldflags+=" -X k8s.io/component-base/version.gitMinor=$(cut -d. -f2 <<<"$v")" ;;
      runc) cgo=1; flags+=(-tags "seccomp,urfave_cli_no_docs") ;;
    esac
    (cd "$component" && CGO_ENABLED=$cgo go build -trimpath "${flags[@]}" -ldflags="$ldflags" -o "$cache/.$component/bin/" tool)
    [ "$component" != etcd ] || mv "$cache/.etcd/bin/server" "$cache/.etcd/bin/etcd"
    mv "$cache/.$component" "$out"
    echo "built $component in $((SECONDS - started)) s"
  fi
  ln -sfn "$(basename "$out")" "$cache/$component"
}

for component in ${*:-kubernetes etcd containerd runc cni coredns helm}; do build "$component"; done
