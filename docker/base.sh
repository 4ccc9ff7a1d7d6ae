#!/bin/sh
# Makes the base image unless it is there, and prints its name. The name holds
# a digest of the recipe, so a changed recipe makes a new image.
#
# PULL_TIMEOUT: seconds that a registry has to deliver debian:bookworm-slim.
# DEBIAN_MIRROR: where mmdebstrap fetches packages when no registry answers.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

suite=bookworm
upstream=debian:$suite-slim
packages='ca-certificates curl fuse3 git sqlite3'

upstream_is_here() {
    docker image inspect "$upstream" >/dev/null 2>&1 ||
        within "${PULL_TIMEOUT:-180}" docker pull "$upstream" >/dev/null 2>&1
}

# The excluded paths are those that Debian's slim image leaves out.
from_packages() {
    [ "$(uname -s)" = Linux ] ||
        fail "Docker cannot pull $upstream: check the network, or load the image from a machine that can (docker save, docker load), and try again."
    sh tools/deps.sh mmdebstrap
    mkdir -p tmp
    tar=tmp/base.$$.tar
    trap 'rm -f "$tar"' EXIT
    quietly mmdebstrap --variant=minbase --include="$(echo "$packages" | tr ' ' ,)" \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        "$suite" "$tar" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
    quietly docker import "$tar" "$image"
}

need_docker
image=trip2g-base:$(cat docker/base.sh docker/base.Dockerfile | digest)
if docker image inspect "$image" >/dev/null 2>&1; then
    :
elif upstream_is_here; then
    echo "Making the base image from $upstream (once) ..." >&2
    docker_build -t "$image" --build-arg "PACKAGES=$packages" - <docker/base.Dockerfile
else
    echo "No registry gives $upstream; making the base image from Debian packages (once, half a minute) ..." >&2
    from_packages
fi
echo "$image"
