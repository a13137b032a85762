#!/usr/bin/env bash
# Installs or upgrades Bulkhead on the bed, and waits until all of it runs.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
namespace=bulkhead-system
values=()
[ "${BULKHEAD_BED-}" != passthrough ] || values=(--values e2e/bed/passthrough-values.yaml)

# Helm would keep values that somebody tried out.
helm upgrade --install bulkhead helm/bulkhead --reset-values --namespace $namespace --create-namespace "${values[@]}" >/dev/null

# An image built anew keeps its name, so a workload notes which archives it was started from, and is restarted for others.
for workload in $(kubectl -n $namespace get deployments,daemonsets -o name); do
  digest=$(kubectl -n $namespace get "$workload" -o jsonpath='{range .spec.template.spec.containers[*]}{.image}{"\n"}{end}' |
    sed 's:.*/\([^:]*\).*:\1:' | while read -r image; do cat "$BULKHEAD_CACHE/images/$image.tar.digest"; done | sha256sum | cut -c 1-12)
  running=$(kubectl -n $namespace get "$workload" -o jsonpath='{.metadata.annotations.bulkhead\.dev/images}')
  [ "${running:-$digest}" = "$digest" ] || kubectl -n $namespace rollout restart "$workload"
  kubectl -n $namespace annotate --overwrite "$workload" "bulkhead.dev/images=$digest" >/dev/null
  kubectl -n $namespace rollout status "$workload" --timeout=180s
done
