#!/bin/sh
# upstream.sh NAME: prints the image that the Dockerfile's argument NAME
# (BASE_IMAGE or GO_IMAGE) has to be: its default where Docker has or can pull
# it, else a stand-in made on this machine from Debian packages and, for
# GO_IMAGE, this machine's Go. NAME in the environment overrides both.
#
# PULL_TIMEOUT: seconds that a registry has to deliver the image.
# DEBIAN_MIRROR: where mmdebstrap fetches packages when no registry answers.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

suite=bookworm

# exists reports whether Docker has the image.
exists() {
    docker image inspect "$1" >/dev/null 2>&1
}

pull() {
    exists "$1" || within "${PULL_TIMEOUT:-180}" docker pull "$1" >/dev/null 2>&1
}

# make_base makes what Debian's slim image holds: the excluded paths are those
# that it leaves out.
make_base() {
    base=trip2g-base:$(digest <docker/upstream.sh)
    exists "$base" && return
    [ "$(uname -s)" = Linux ] ||
        fail "Docker cannot pull $image: check the network, or load the image from a machine that can (docker save, docker load), and try again."
    echo "No registry delivers $image; making $base from Debian packages (once, half a minute) ..." >&2
    sh tools/deps.sh mmdebstrap
    mkdir -p tmp
    tar=tmp/base.$$.tar
    trap 'rm -f "$tar"' EXIT
    quietly mmdebstrap --variant=minbase \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        "$suite" "$tar" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
    quietly docker import "$tar" "$base"
}

# make_go puts this machine's Go, and the certificates by which it trusts the
# module proxy, on top of the base.
make_go() {
    goroot=$("${GO:-go}" env GOROOT)
    toolchain=trip2g-go:$({ cat docker/upstream.sh && "${GO:-go}" version; } | digest)
    exists "$toolchain" && return
    make_base
    echo "No registry delivers $image; making $toolchain from $goroot ..." >&2
    container=$(docker create "$base" true)
    trap 'docker rm "$container" >/dev/null' EXIT
    quietly docker cp "$goroot" "$container:/usr/local/go"
    if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
        tar -C / -ch etc/ssl/certs/ca-certificates.crt | quietly docker cp - "$container:/"
    fi
    quietly docker commit --change 'ENV PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        "$container" "$toolchain"
}

need_docker
if image=$(printenv "$1"); then
    echo "$image"
    exit
fi
image=$(sed -n "s/^ARG $1=//p" docker/Dockerfile)
if [ -z "$image" ]; then
    fail "docker/Dockerfile takes no $1."
elif pull "$image"; then
    :
elif [ "$1" = GO_IMAGE ]; then
    make_go
    image=$toolchain
else
    make_base
    image=$base
fi
echo "$image"
