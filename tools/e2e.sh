#!/bin/sh
# e2e.sh [FLAG...]: builds the image STACK_IMAGE and bin/trip2g and runs the
# end-to-end tests with the given flags of "go test". A failed test leaves the
# logs of its containers in tmp/e2e-logs.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

need_docker
# The browser tests need Chromium or Chrome; on macOS they find it by themselves.
if [ "$(uname)" = Linux ] && ! command -v chromium >/dev/null 2>&1 && ! command -v google-chrome >/dev/null 2>&1; then
    sh tools/deps.sh chromium
fi
STACK_IMAGE=$(sh docker/image.sh)
export STACK_IMAGE
sh tools/build.sh trip2g bin/trip2g

# In the package's folder, go test also prints the output of tests that pass, such
# as the measured lag.
cd e2e
exec "${GO:-go}" test -count=1 -timeout 40m "$@"
