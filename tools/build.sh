#!/bin/sh
# build.sh PROGRAM OUT: builds the program, trip2g or litefs, into the file OUT
# for GOOS and GOARCH where they are set. Both are static (no cgo): they run on
# any Linux, whatever C library the machine that built them has, and need no C
# compiler. LiteFS exists for Linux only.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

program=$1
mkdir -p "$(dirname "$2")"
out=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
go=${GO:-go}

command -v "$go" >/dev/null 2>&1 ||
    fail "The Go command ($go) is missing: install Go 1.26 or later from https://go.dev/dl/, or name it: make GO=/path/to/go"
export CGO_ENABLED=0

# build passes the version itself: when the Go command has to ask git for it,
# it refuses to build in a checkout that another user owns.
build() {
    "$go" build -trimpath -buildvcs=false -ldflags "-s -w -X main.$1" -o "$out" "$2"
}

case $program in
trip2g)
    build "version=$(GIT_OPTIONAL_LOCKS=0 git describe --tags --always --dirty 2>/dev/null || echo unknown)" \
        ./services/trip2g/cmd/trip2g
    ;;
litefs)
    export GOWORK=off
    cd litefs
    build "Version=$("$go" list -m -f '{{.Version}}' github.com/superfly/litefs)" \
        github.com/superfly/litefs/cmd/litefs
    ;;
esac
