#!/bin/sh
# Checks formatting, runs go vet and staticcheck on the workspace, reads every
# shell script for syntax, and checks the workflows and the documentation's words.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

go=${GO:-go}

unformatted=$("$("$go" env GOROOT)/bin/gofmt" -l docs e2e internal services)
[ -z "$unformatted" ] || fail "Not formatted (make fmt does it):
$unformatted"

for script in .ci/run ./*/*.sh; do
    sh -n "$script"
done

sh tools/words_test.sh
sh tools/words.sh || fail "The documentation has words to avoid (tools/words.txt)."

"$go" vet trip2g/...
bin/staticcheck trip2g/...
bin/actionlint
