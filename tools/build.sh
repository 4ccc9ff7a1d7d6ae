#!/bin/sh
# build.sh PROGRAM OUT: builds the program, trip2g or litefs, into the file OUT
# for GOOS and GOARCH where they are set. Both are static (no cgo): they run on
# any Linux, whatever C library the machine that built them has, and need no C
# compiler. LiteFS exists for Linux only. VERSION, if set, is trip2g's version.
#
# docker/Dockerfile builds trip2g in steps, so that each can be kept:
#
# build.sh version OUT         writes trip2g's version
# build.sh modules             fetches the modules that trip2g is made from
# build.sh imports LIST        lists the packages of others that trip2g imports
# build.sh dependencies LIST   compiles the packages listed
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

go=${GO:-go}
[ "$1" = version ] || command -v "$go" >/dev/null 2>&1 ||
    fail "The Go command ($go) is missing: install Go 1.26 or later from https://go.dev/dl/, or name it: make GO=/path/to/go"
# The versions are those of the program's own go.mod, not the workspace's.
export GOWORK=off CGO_ENABLED=0
server=services/trip2g
# The server's user in an image may run a program only if everybody may.
umask 022

# build compiles packages; with -o it makes a program. The version is passed:
# when the Go command has to ask git for it, it refuses to build in a checkout
# that another user owns.
build() {
    "$go" build -trimpath -buildvcs=false "$@"
}

# program VARIABLE=VERSION PACKAGE
program() {
    build -ldflags "-s -w -X $1" -o "$out" "$2"
}

# A bare repository, which is what the image is built with, is never dirty.
version() {
    if [ -n "${VERSION:-}" ]; then
        echo "$VERSION"
    else
        GIT_OPTIONAL_LOCKS=0 git describe --tags --always --dirty 2>/dev/null ||
            git describe --tags --always 2>/dev/null || echo unknown
    fi
}

if [ $# = 2 ]; then
    mkdir -p "$(dirname "$2")"
    out=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
fi
case $1 in
version)
    version >"$out"
    ;;
trip2g)
    version=$(version)
    cd "$server"
    program "trip2g/services/trip2g.Version=$version" ./cmd/trip2g
    ;;
litefs)
    cd litefs
    program "main.Version=$("$go" list -m -f '{{.Version}}' github.com/superfly/litefs)" \
        github.com/superfly/litefs/cmd/litefs
    ;;
modules)
    cd "$server"
    "$go" mod download
    ;;
imports)
    cd "$server"
    "$go" list -deps -f '{{with .Module}}{{if or .Main .Replace}}{{join $.Imports "\n"}}{{end}}{{end}}' ./cmd/trip2g |
        grep -v '^trip2g/' | sort -u >"$out"
    ;;
dependencies)
    cd "$server"
    # shellcheck disable=SC2046 # import paths hold no space
    build $(cat "$out")
    ;;
esac
