#!/usr/bin/env bash
# Everything, from a clean clone: dependencies, Kubernetes' build beside Java's, unit and API server tests, images, a cluster,
# the chart on it, the cluster tests, and the README's commands. Ends with each stage's time and the test runners' own summaries.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
. scripts/stages.sh
mvn=(mvn -B -ntp -Dstyle.color=never)

build_tools() { stage "Kubernetes" bash -c 'e2e/bed/build-tools.sh && e2e/bed/build-node-image.sh'; }
compile_java() { stage "compile Java" "${mvn[@]}" test-compile; }
summaries() {
  grep -hE '(Tests run: [0-9]+, Failures: [0-9]+, Errors: [0-9]+, Skipped: [0-9]+$)|BUILD (SUCCESS|FAILURE)|^README: [0-9]+ passed' \
    "$logs"/*tests.log "$logs"/README.log 2>/dev/null
}
finish() {
  echo
  print_times
  echo
  summaries || true
}
trap finish EXIT

stage "dependencies" scripts/install-deps.sh
. scripts/env.sh # what has just been installed
together build_tools compile_java
stage "unit and API server tests" "${mvn[@]}" -pl .,crds,operator,kubelet-api,node-agent install
stage "images" images/build.sh
stage "cluster" scripts/bed.sh up
stage "chart" scripts/install-chart.sh
stage "cluster tests" "${mvn[@]}" -pl e2e verify
stage "uninstall tests" "${mvn[@]}" -pl e2e verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=UninstallE2E
stage "README" scripts/test-readme.sh
