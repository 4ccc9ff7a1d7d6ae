#!/bin/sh
# Builds what the suite tests, the image STACK_IMAGE and bin/trip2g, and runs
# it. A failed test leaves the logs of its containers in tmp/e2e-logs.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

need_docker
STACK_IMAGE=$(sh docker/image.sh)
export STACK_IMAGE
sh tools/build.sh trip2g bin/trip2g

for stack in litefs shared single; do
    STACK=$stack sh compose/compose.sh config --quiet
done

# testcontainers removes what a killed suite leaves with the help of a
# container of its own, whose image has to come from a registry.
reaper=$("${GO:-go}" list -m -f '{{.Dir}}' github.com/testcontainers/testcontainers-go)/internal/config/config.go
reaper=$(sed -n 's/^const ReaperDefaultImage = "\(.*\)"$/\1/p' "$reaper")
if ! docker image inspect "$reaper" >/dev/null 2>&1 &&
    ! within 60 docker pull "$reaper" >/dev/null 2>&1; then
    export TESTCONTAINERS_RYUK_DISABLED=true
fi

exec "${GO:-go}" test -count=1 -timeout 25m trip2g/e2e/...
