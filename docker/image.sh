#!/bin/sh
# Builds the server's image from this checkout and prints its name. Nothing is
# done when neither a binary nor a file of the image has changed. Images of
# this checkout that no container uses are removed after two hours, late
# enough for a running suite.
#
# PROJECT: the image's repository, and what its newest is tagged as "latest" in.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

need_docker
base=$(sh docker/base.sh)

platform=$(docker version --format '{{.Server.Os}}-{{.Server.Arch}}')
if [ "$platform" = "$("${GO:-go}" env GOOS)-$("${GO:-go}" env GOARCH)" ]; then
    bin=bin
else
    bin=bin/$platform
    export GOOS="${platform%-*}" GOARCH="${platform#*-}"
fi
sh tools/build.sh trip2g "$bin/trip2g"
sh tools/build.sh litefs "$bin/litefs"

checkout=$(pwd -P)
repository=${PROJECT:-trip2g}
image=$repository:$(
    { echo "$base" "$checkout" && cat docker/Dockerfile docker/entrypoint.sh \
        litefs/litefs.primary.yml litefs/litefs.replica.yml "$bin/litefs" "$bin/trip2g"; } | digest
)
if ! docker image inspect "$image" >/dev/null 2>&1; then
    echo "Building the image $image ..." >&2
    docker image prune --all --force \
        --filter "label=trip2g.checkout=$checkout" --filter until=2h >/dev/null
    docker_build -t "$image" --label "trip2g.checkout=$checkout" \
        --build-arg "BASE=$base" --build-arg "BIN=$bin" -f docker/Dockerfile .
fi
docker tag "$image" "$repository:latest"
echo "$image"
