#!/bin/bash
# train.sh MODULE READY, in the prepare.sh of a Java image: puts the module's application here, and beside it app.aot, the
# JDK's cache of its loaded and linked classes (JEP 514), with which it starts in a quarter of the time.
#
# The cache is made by one run of the application in its own image (the Dockerfile's stage `app`), without a network. It
# is told to stop once its log has the text READY: that is how far a run without a cluster gets.
set -euo pipefail
module=$1 ready=$2

cp -r "$IMAGES/../$module/target/quarkus-app" quarkus-app
# The JVM believes the cache only if the jars have the time that they had in training; layers keep whole seconds.
find quarkus-app -exec touch -h -d @0 {} +

docker build --target app --build-arg VERSION="$VERSION" -t "bulkhead-train/$module" .
container=$(docker run -d --network none \
  -e KUBERNETES_SERVICE_HOST=127.0.0.1 -e KUBERNETES_SERVICE_PORT=1 -e NODE_NAME=training -e POD_NAMESPACE=training \
  "bulkhead-train/$module" java @/opt/java.options -XX:AOTCacheOutput=/tmp/app.aot -jar quarkus-run.jar)
trap 'docker rm -f "$container" >/dev/null; docker image rm --no-prune "bulkhead-train/$module" >/dev/null' EXIT
for ((tries = 600; tries > 0; tries--)); do
  log=$(docker logs "$container" 2>&1)
  [[ $log != *"$ready"* ]] || break
  sleep 0.1
done
[ "$tries" -gt 0 ] || {
  echo "$log"
  echo "the training run of $module did not say within a minute: $ready"
  exit 1
}
docker stop -t 60 "$container"
docker logs "$container" 2>&1 | tail -n 3
docker cp "$container:/tmp/app.aot" app.aot
