#!/bin/sh
# Builds the server's image from this checkout, with binaries that Go makes on
# the host, and prints its name. Nothing is done when neither a binary nor a
# file of the image has changed. Images of this checkout that no container uses
# are removed after two hours, late enough for a running suite.
#
# PROJECT: the image's repository, and what its newest is tagged as "latest" in.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

need_docker
base=$(sh docker/upstream.sh BASE_IMAGE)

platform=$(docker version --format '{{.Server.Os}}-{{.Server.Arch}}')
if [ "$platform" = "$("${GO:-go}" env GOOS)-$("${GO:-go}" env GOARCH)" ]; then
    built=bin
else
    built=bin/$platform
    export GOOS="${platform%-*}" GOARCH="${platform#*-}"
fi
for program in trip2g litefs; do
    sh tools/build.sh "$program" "$built/$program"
    if [ "$built" = bin ]; then
        mkdir -p "bin/$platform"
        ln -f "bin/$program" "bin/$platform/$program"
    fi
done

checkout=$(pwd -P)
repository=${PROJECT:-trip2g}
image=$repository:$(
    { echo "$base" "$checkout" && cat .dockerignore docker/Dockerfile docker/entrypoint.sh \
        litefs/litefs.primary.yml litefs/litefs.replica.yml "bin/$platform/litefs" "bin/$platform/trip2g"; } | digest
)
if ! docker image inspect "$image" >/dev/null 2>&1; then
    echo "Building the image $image ..." >&2
    docker_build -t "$image" --label "trip2g.checkout=$checkout" --target prebuilt \
        --build-arg "BASE_IMAGE=$base" --build-arg "TARGETARCH=${platform#*-}" -f docker/Dockerfile .
    # Not before: the new image keeps the layers that it shares with the old.
    docker image prune --all --force \
        --filter "label=trip2g.checkout=$checkout" --filter until=2h >/dev/null
fi
docker tag "$image" "$repository:latest"
echo "$image"
