#!/bin/sh
# fuzz.sh [DIR...]: runs every fuzz target of the packages in DIR (without one, of
# all packages) for FUZZTIME each, 30 s by default. Go stores an input that fails
# under testdata/fuzz next to the test: commit it with the fix, as its regression
# test. Exits with 1 if any target failed.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

go=${GO:-go}
time=${FUZZTIME:-30s}
[ $# -gt 0 ] || set -- bench docs e2e internal services

packages=$(git grep -l --untracked '^func Fuzz' -- "$@" | grep '_test\.go$' | xargs -r -n 1 dirname | sort -u)
[ -n "$packages" ] || fail "No fuzz target in: $*"

failed=
for package in $packages; do
    targets=$("$go" test -list '^Fuzz' "./$package" | grep '^Fuzz')
    for target in $targets; do
        echo "== $package $target ($time)"
        "$go" test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "./$package" || failed="$failed $package:$target"
    done
done
[ -z "$failed" ] || fail "Failed:$failed"
