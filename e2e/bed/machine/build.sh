#!/usr/bin/env bash
# Makes bulkhead-bed/machine, the image of the passthrough bed's machine, from that of all other machines. Docker notices
# whether there is anything to do.
set -euo pipefail
cd "$(dirname "$0")"
DOCKER_BUILDKIT=0 docker build --quiet --network host --tag bulkhead-bed/machine . >/dev/null
