# shellcheck shell=bash
# What every script and recipe of this repository runs in; sourced by bash, prints nothing.

export BULKHEAD_CACHE=${BULKHEAD_CACHE:-$HOME/.cache/bulkhead}

# The first JDK 25 of: the caller's, Debian's place for JDKs, the one that install-deps.sh unpacks.
jdks=("${JAVA_HOME:-}" /usr/lib/jvm/*25* "$BULKHEAD_CACHE/jdk-25")
unset JAVA_HOME
for jdk in "${jdks[@]}"; do
  if grep -qs '^JAVA_VERSION="25' "$jdk/release" && [ -x "$jdk/bin/javac" ]; then
    export JAVA_HOME=$jdk
    break
  fi
done
unset jdk jdks

# The bed's kubectl and helm before any other: they are of the version that the tests were written for.
for folder in "${JAVA_HOME:-}" "$BULKHEAD_CACHE/go" "$BULKHEAD_CACHE"/tools/{kubernetes,helm}; do
  case ":$PATH:" in
    *":$folder/bin:"*) ;;
    *) PATH=$folder/bin:$PATH ;;
  esac
done
unset folder
export PATH

# Go builds with the toolchain that is here, and never stamps a commit into a component of the bed.
export GOTOOLCHAIN=local GOFLAGS=-buildvcs=false

# Testcontainers: no helper image (there is no registry to pull it from), and the daemon is on this machine.
export TESTCONTAINERS_RYUK_DISABLED=true TESTCONTAINERS_HOST_OVERRIDE=localhost

# The cluster that scripts and recipes act on: the bed (BULKHEAD_BED=passthrough: the one whose worker has an IOMMU), unless the
# caller has one of their own.
export KUBECONFIG=${E2E_KUBECONFIG:-$BULKHEAD_CACHE/${BULKHEAD_BED:-bed}/pki/control-plane/admin.conf}
