# Sourced by the entry points. A component that ends is started again after a second, so a test may kill any one of them.

# supervise NAME COMMAND...: runs the command in the background for ever, its output in /var/log/k8s/NAME.log
supervise() {
  local name=$1
  shift
  (
    while true; do
      "$@" || echo "bed: $name ended with status $?"
      echo "bed: starting $name again in 1 s"
      sleep 1
    done
  ) >>"/var/log/k8s/$name.log" 2>&1 &
}

# await COMMAND...: until the command succeeds
await() {
  until "$@" >/dev/null 2>&1; do sleep 0.1; done
}

mkdir -p /var/log/k8s
