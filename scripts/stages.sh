# shellcheck shell=bash
# Sourced by demo.sh and test.sh: runs one stage after another, or side by side, and tells how long each took.

logs=target/logs/$(basename "$0" .sh)
times=$logs/times
rm -rf "$logs"
mkdir -p "$logs"

# stage NAME COMMAND...: the command's output goes to a log, its last line to the terminal now and then, and the end of the log
# if the command fails
stage() {
  local name=$1 log="$logs/${1// /-}.log" started=$SECONDS watcher status=0
  shift
  echo "== $name"
  watch_log "$name" "$log" &
  watcher=$!
  "$@" >"$log" 2>&1 || status=$?
  kill $watcher
  wait $watcher 2>/dev/null || true
  printf "%-40s %4d s\n" "$name" $((SECONDS - started)) | tee -a "$times"
  if [ $status != 0 ]; then
    tail -n 60 "$log"
    echo "FAILED: $name; all of its output is in $log"
  fi
  return $status
}

watch_log() {
  local started=$SECONDS wait=5
  while sleep $wait >/dev/null 2>&1; do # a sleep that outlives its stage must not keep the caller's pipe open
    echo "   $1, $((SECONDS - started)) s: $(sed 's/\x1b\[[0-9;]*m//g' "$2" | grep . | tail -n 1 | cut -c 1-110)"
    wait=15
  done
}

# together STAGE_COMMAND STAGE_COMMAND: two functions side by side; fails if one of them does
together() {
  local first status=0
  "$1" &
  first=$!
  "$2" || status=$?
  wait $first || status=$?
  return $status
}

# how long each stage took, and all of them
print_times() {
  cat "$times"
  printf '%-40s %4d s\n' "in all" $SECONDS
}
