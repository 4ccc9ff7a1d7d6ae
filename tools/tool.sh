#!/bin/sh
# tool.sh DIR MODULE PACKAGE OUT: builds a third-party program, PACKAGE of MODULE,
# into OUT, with the versions in DIR/go.mod.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

module=$2
package=$3
out=$PWD/$4
cd "$1"
export GOWORK=off CGO_ENABLED=0
version=$("${GO:-go}" list -m -f '{{.Version}}' "$module")
echo "Building $4 $version (once) ..." >&2
quietly "${GO:-go}" build -trimpath -ldflags "-s -w -X $module/internal.Version=$version" \
    -o "$out" "$module$package"
