#!/usr/bin/env bash
# From nothing to a virtual machine and a container that talk to each other: installs what is missing, builds, starts a cluster
# in containers, installs Bulkhead on it, applies examples/hello.yaml and shows what each heard from the other.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
. scripts/stages.sh

build_tools() { stage "Kubernetes" bash -c 'e2e/bed/build-tools.sh && e2e/bed/build-node-image.sh'; }
build_product() { stage "operator and node agent" make --no-print-directory target/operator target/node-agent; }

hello() {
  kubectl apply -f examples/hello.yaml &&
    kubectl wait --for=condition=Ready virtualmachine/hello pod/hello-container --timeout=180s &&
    answers_within_a_minute
}
answers_within_a_minute() {
  local limit=$((SECONDS + 60))
  until ask http://hello/ && ask http://hello/cgi-bin/container; do
    [ $SECONDS -lt $limit ] || return 1
    sleep 0.5
  done
}
ask() { kubectl exec hello-container -- timeout 5 wget -q -O - "$1"; }

trap 'echo "To see why, collect what the cluster knows: scripts/bed.sh evidence FOLDER"' ERR

stage "dependencies" scripts/install-deps.sh
. scripts/env.sh # what has just been installed
together build_tools build_product
stage "images" images/build.sh
stage "cluster" scripts/bed.sh up
stage "Bulkhead" scripts/install-chart.sh
stage "virtual machine" hello

cat <<TEXT

The guest answered the container, at http://hello.default.svc.cluster.local:
    $(ask http://hello.default.svc.cluster.local/)
The container answered the guest, at http://hello-container:
    $(ask http://hello/cgi-bin/container)

How long it took:
$(print_times | sed 's/^/    /')

Try next:
    kubectl --kubeconfig $KUBECONFIG get vm -o wide
    kubectl --kubeconfig $KUBECONFIG describe vm hello
    kubectl --kubeconfig $KUBECONFIG patch vm hello --type merge -p '{"spec":{"power":"Stopped"}}'
TEXT
