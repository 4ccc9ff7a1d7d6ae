#!/bin/sh
# build.sh PROGRAM OUT: builds the program, trip2g or litefs, into the file OUT
# for GOOS and GOARCH if they are set. Both are static (no cgo): they run on any
# Linux, with any C library, and building them needs no C compiler. LiteFS runs on
# Linux only. VERSION, if set, is the version of trip2g.
#
# docker/Dockerfile builds trip2g in steps, so that each can be cached:
#
# build.sh version OUT         writes trip2g's version
# build.sh modules             downloads the modules that trip2g requires
# build.sh imports LIST        lists the third-party packages that trip2g imports
# build.sh dependencies LIST   compiles the packages listed
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

go=${GO:-go}
[ "$1" = version ] || command -v "$go" >/dev/null 2>&1 ||
    fail "The Go command ($go) is missing: install Go 1.26 or later from https://go.dev/dl/, or name it: make GO=/path/to/go"
# Uses the versions in the program's own go.mod, not the workspace's.
export GOWORK=off CGO_ENABLED=0
server=services/trip2g
# In an image, the server's user can run a program only if all users can.
umask 022

# build compiles packages; with -o it builds a program. The version is passed,
# because Go refuses to get it from git in a checkout that another user owns.
build() {
    "$go" build -trimpath -buildvcs=false "$@"
}

# program VARIABLE=VERSION PACKAGE
program() {
    build -ldflags "-s -w -X $1" -o "$out" "$2"
}

# The image is built with a bare repository, which is never dirty.
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
