#!/bin/bash
# Builds the container images: build.sh [name...], all of them without a name.
#
# An image is a folder here with
#   Dockerfile   what is in the image,
#   prepare.sh   (optional) run first, in a copy of the folder: makes what the Dockerfile takes in,
#   inputs       (optional) one path per line: another image's folder, or files, that it is made of.
# Its digest covers all three. An image with the same digest as last time is not built again.
#
# Out: localhost/bulkhead/<name>:<version> in the Docker daemon, and as <cache>/images/<name>.tar for
# `docker load` and `ctr -n k8s.io images import`; images named *-base are only for other images to be
# made from, and go to <cache>/images/base.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")"
export IMAGES=$PWD DOCKER_BUILDKIT=0
VERSION=$(sed -n 's:^  <version>\(.*\)-SNAPSHOT</version>:\1:p' ../pom.xml)
export VERSION
cache=${BULKHEAD_CACHE:-$HOME/.cache/bulkhead}/images

fail() {
  echo "images/build.sh: $*" >&2
  exit 1
}

tag() { echo "localhost/bulkhead/$1:$VERSION"; }

archive() {
  case $1 in
    *-base) echo "$cache/base/$1.tar" ;;
    *) echo "$cache/$1.tar" ;;
  esac
}

image_id() { docker image inspect --format '{{.Id}}' "$(tag "$1")" 2>/dev/null || true; }

inputs() { [ ! -e "$1/inputs" ] || cat "$1/inputs"; }

is_image() { [ -e "$1/Dockerfile" ]; }

# The digest of all that an image is made of. File times do not count.
digest() {
  local input
  {
    echo "$1 $VERSION"
    (cd "$1" && find . -type f | LC_ALL=C sort | xargs -d '\n' sha256sum)
    while read -r input; do
      if is_image "$input"; then
        digest "$input"
      elif [ -e "$input" ]; then
        find "$input" -type f | LC_ALL=C sort | xargs -d '\n' sha256sum
      else
        fail "$1 needs $input, which is missing. $(how_to_get "$input")"
      fi
    done < <(inputs "$1")
  } | sha256sum | cut -d ' ' -f 1
}

how_to_get() {
  case $1 in
    ../*/target/*)
      local module=${1#../}
      echo "Build it: mvn -B -pl ${module%%/*} -am package"
      ;;
    *) echo "It is named in the file 'inputs'; is that a typing error?" ;;
  esac
}

# Makes sure that an image is in the cache, and says what it cost.
build() {
  local name=$1 tar sum start work input before
  tar=$(archive "$name")
  exec {lock}>"$cache/.$name.lock"
  flock "$lock"
  sum=$(digest "$name")
  if [ -e "$tar" ] && [ "$(cat "$tar.digest" 2>/dev/null)" = "$sum" ]; then
    report "$name" "unchanged"
    return
  fi
  while read -r input; do
    if is_image "$input"; then
      "$IMAGES/build.sh" "$input"
      [ -n "$(image_id "$input")" ] || docker load -q -i "$(archive "$input")" >/dev/null
    fi
  done < <(inputs "$name")
  start=$SECONDS
  before=$(image_id "$name")
  rm -rf "$tar.digest" "$cache/.$name".?????? # what a failed or broken-off build has left
  work=$(mktemp -d "$cache/.$name.XXXXXX")
  log=$cache/$name.log
  echo "$name: building (log: $log)"
  cp -a "$name/." "$work"
  (
    cd "$work" &&
      if [ -e prepare.sh ]; then ./prepare.sh; fi &&
      docker build --build-arg VERSION="$VERSION" -t "$(tag "$name")" . &&
      docker save -o "$tar" "$(tag "$name")" &&
      echo "$sum" >"$tar.digest"
  ) >"$log" 2>&1 || fail "$name failed, its files are left in $work; the end of $log:
$(tail -n 25 "$log")"
  rm -rf "$work"
  # The one before has no name now; it stays while a container or an image made from it is left.
  [ "$before" = "$(image_id "$name")" ] || docker image rm "$before" >/dev/null 2>&1 || true
  report "$name" "$((SECONDS - start)) s"
}

report() { printf '%-12s %10s  %4s MB\n' "$1" "$2" "$(du -m "$(archive "$1")" | cut -f 1)"; }

# Debian packages of the build machine, by the command that each is needed for.
require() {
  command -v "$1" >/dev/null || fail "needs the command $1: apt-get install -y --no-install-recommends $2"
}

require docker docker.io
require mmdebstrap mmdebstrap
require musl-gcc musl-tools
require busybox busybox-static
require qemu-img qemu-utils
[ -n "$VERSION" ] || fail "no version found in pom.xml"
docker info >/dev/null 2>&1 || fail "no Docker daemon answers: start one (dockerd), or set DOCKER_HOST"
mkdir -p "$cache/base"
if [ $# = 0 ]; then
  mapfile -t all < <(dirname -- */Dockerfile | grep -v -e -base$) # those are built where they are needed
  set -- "${all[@]}"
fi
for name; do
  is_image "$name" || fail "there is no image $name; there are: $(dirname -- */Dockerfile | xargs)"
done
if [ $# = 1 ]; then
  build "$1"
else
  printf '%s\n' "$@" | xargs -n 1 -P 2 ./build.sh
fi
