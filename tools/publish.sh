#!/bin/sh
# publish.sh URL KEYFILE COMMAND...: pushes the folder DOCS to the node at URL
# with the key in KEYFILE. Where there is none, or the node refuses it, COMMAND
# prints a fresh one, which is kept there for the next time.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

docs=${DOCS-docs}
url=$1
keyfile=$2
shift 2

# refused is trip2g push's exit code for a key that the server does not take.
refused=3

push() {
    [ -s "$keyfile" ] || return "$refused"
    TRIP2G_KEY=$(cat "$keyfile") bin/trip2g push --quiet --url "$url" "$docs"
}

[ -n "$docs" ] || exit 0
echo "Publishing $docs ..."
out=$(push 2>&1) && rc=0 || rc=$?
if [ "$rc" = "$refused" ]; then
    mkdir -p "$(dirname "$keyfile")"
    key=$("$@")
    (umask 077 && printf '%s\n' "$key" >"$keyfile")
    out=$(push 2>&1) && rc=0 || rc=$?
fi
[ -z "$out" ] || printf '%s\n' "$out" >&2
[ "$rc" = 0 ] || fail "$docs was not published to $url."
