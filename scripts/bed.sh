#!/usr/bin/env bash
# The bed from a command line; compiled first if its sources are newer. usage: bed.sh up | down | status | kubeconfig | evidence FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
classpath=e2e/target/classpath
if [ ! -e $classpath ] || [ -n "$(find e2e/pom.xml e2e/src/main -newer $classpath -type f)" ]; then
  mvn -B -q -ntp -pl e2e -am package -Dmaven.test.skip=true
  touch $classpath
fi
exec "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -XX:TieredStopAtLevel=1 \
  -cp "e2e/target/classes:$(cat $classpath)" dev.bulkhead.e2e.bed.BedCli "$@"
