#!/usr/bin/env bash
# Unpacks a Go toolchain into $BULKHEAD_CACHE/go. It comes as a Go module, which any older Go can fetch and verify.
set -euo pipefail
. "$(dirname "$0")/env.sh"

version=go1.26.8
go=$BULKHEAD_CACHE/go
echo "Go: fetching the toolchain $version (about 10 s)"
fetched=$(go mod download -json "golang.org/toolchain@v0.0.1-$version.linux-amd64") || {
  echo "install-go: $(jq -r .Error <<<"$fetched")" >&2
  exit 1
}
rm -rf "$go" "$go.new"
cp -r "$(jq -r .Dir <<<"$fetched")" "$go.new"
chmod -R u+w "$go.new"
find "$go.new/bin" "$go.new/pkg/tool" -type f -exec chmod +x {} + # modules carry no such bit
mv "$go.new" "$go"
"$go/bin/go" version
