#!/usr/bin/env bash
# Runs every command of the README, as written and in its order, and looks at what came of it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

fail() {
  echo "README: $*" >&2
  exit 1
}
# Of the demo's cluster, that is. The passthrough bed may stand beside it; all of its names begin with bulkhead-pt.
nothing_left() {
  ! { docker ps -a --format '{{.Names}}' && docker network ls --format '{{.Name}}'; } | grep -v '^bulkhead-pt' | grep '^bulkhead'
}

ran=0
while read -r command; do
  echo "README: $command"
  case $command in
    "make demo")
      output=$($command 2>&1 | tee /dev/stderr)
      grep -q 'guest answered' <<<"$output" || fail "'$command' shows no answer of the guest"
      started=$SECONDS
      $command >/dev/null 2>&1
      [ $((SECONDS - started)) -le 60 ] || fail "a second '$command' took $((SECONDS - started)) s, not 60 at most"
      ;;
    "make demo-down")
      $command
      nothing_left || fail "'$command' left containers or a network behind"
      ;;
    "helm install"*)
      make bed >/dev/null # the cluster of one's own, without Bulkhead
      eval "$command"
      ;;
    "kubectl apply -f examples/hello.yaml")
      eval "$command"
      kubectl wait --for=condition=Ready vm --all --timeout=180s
      ;;
    *) fail "no test knows what to expect of '$command'" ;;
  esac
  ran=$((ran + 1))
done < <(awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' README.md)
[ $ran -ge 4 ] || fail "found only $ran commands"
make demo-down
echo "README: $ran passed, 0 failed"
