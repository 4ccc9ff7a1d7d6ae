#!/bin/sh
# Removes what the project PROJECT has made, whichever stack it ran: tmp/, and
# in Docker its containers, network and volumes, its images and those built from
# this checkout, and the stand-ins for images that they are based on once no
# checkout has one. The secrets in compose/.env stay.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

project=${PROJECT:-trip2g}
checkout=$(pwd -P)

# each LIST COMMAND...: runs the command on the list's words, if there are any.
each() {
    each_list=$1
    shift
    # shellcheck disable=SC2086 # ids hold no space
    [ -z "$each_list" ] || "$@" $each_list >/dev/null
}

remove_containers() {
    ours=label=com.docker.compose.project=$project
    each "$(docker ps -aq --filter "$ours")" docker rm --force --volumes
    each "$(docker volume ls -q --filter "$ours")" docker volume rm
    each "$(docker network ls -q --filter "$ours")" docker network rm
}

images() {
    docker image ls -q --no-trunc --filter "label=$1" | sort -u
}

# remove_shared removes the database of a shared stack, which belongs to the
# server's user and not to ours.
remove_shared() {
    image=$(images "trip2g.checkout=$checkout" | head -n 1)
    if [ -d "tmp/shared/$project" ] && [ -n "$image" ]; then
        docker run --rm --entrypoint rm -v "$checkout/tmp/shared:/shared" "$image" -rf "/shared/$project"
    fi
}

# remove_images leaves an image that a container of another project runs on.
remove_images() {
    for image in $(images "trip2g.checkout=$checkout") $(docker image ls -q --filter "reference=$project:latest"); do
        [ -n "$(docker ps -q --filter "ancestor=$image")" ] || docker rmi --force "$image" >/dev/null
    done
    docker image prune --force --filter label=trip2g.stage=toolchain >/dev/null
    [ -n "$(images trip2g.checkout)" ] || each "$(docker image ls -q --filter reference=trip2g-base --filter reference=trip2g-go)" docker rmi
}

if command -v docker >/dev/null 2>&1; then
    need_docker
    remove_containers
    remove_shared
    remove_images
fi
if [ -d tmp ]; then
    # Another project of this checkout may be running on its directory.
    find tmp -mindepth 1 -maxdepth 1 ! -name shared -exec rm -rf {} +
    rm -rf "tmp/shared/$project"
    rmdir tmp/shared tmp 2>/dev/null || true
fi
