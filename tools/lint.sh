#!/bin/sh
# Checks formatting, the Go code, shell scripts, workflows and the words of the
# documentation, that generated code and go.mod files are up to date, and that no
# known vulnerability is reachable. VULNDB is a vulnerability database other than
# https://vuln.go.dev. Checks that cannot run here are listed at the end; with CI
# set, they fail, except for the vulnerability database.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

go=${GO:-go}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

formatting() {
    unformatted=$("$("$go" env GOROOT)/bin/gofmt" -l bench docs e2e internal services)
    [ -z "$unformatted" ] || fail "Not formatted (make fmt does it):
$unformatted"
}

# shell checks every script, whatever its name.
shell() {
    git grep -lIE -e '^#!.*[/ ](ba)?sh$' -e '^# shellcheck shell=' -- ':!*.md' |
        xargs shellcheck --external-sources --source-path=SCRIPTDIR
}

# generated runs the generators in a copy of the workspace, so that lint changes no file.
generated() {
    cp -R go.work go.work.sum bench docs e2e internal services "$copy"
    (cd "$copy" && "$go" generate trip2g/...)
    for folder in bench docs e2e internal services; do
        diff -ru "$folder" "$copy/$folder" ||
            fail "Generated code is out of date: run '$go generate trip2g/...' and commit what changes."
    done
}

# tidy checks each module. A module proxy may lack modules that tidy needs (it also
# reads the tests of dependencies); that is not an error of the go.mod.
tidy() {
    unchecked=
    for mod in $(git ls-files go.mod '*/go.mod'); do
        dir=$(dirname "$mod")
        if (cd "$dir" && GOWORK=off "$go" mod tidy -diff) >"$copy/diff" 2>"$copy/err"; then
            continue
        fi
        if [ -s "$copy/diff" ]; then
            cat "$copy/diff" >&2
            fail "$mod or its go.sum is not tidy: run 'GOWORK=off $go mod tidy' in $dir."
        fi
        unchecked="$unchecked $dir"
        cat "$copy/err" >&2
    done
}

# vulnerable checks the modules of the released binary.
vulnerable() {
    db=${VULNDB:-https://vuln.go.dev}
    scanner=$PWD/bin/govulncheck
    for dir in services/trip2g internal; do
        found=0
        (cd "$dir" && "$scanner" -db "$db" ./...) >"$copy/found" 2>&1 || found=$?
        [ "$found" != 0 ] || continue
        if grep -q 'fetching vulnerabilities' "$copy/found"; then
            echo "Not checked for known vulnerabilities: $db cannot be reached." >&2
            return 0
        fi
        cat "$copy/found" >&2
        fail "govulncheck ended with $found in $dir."
    done
}

sh tools/deps.sh git shellcheck
formatting
shell
sh tools/words_test.sh
sh tools/words.sh || fail "The documentation has words to avoid (tools/words.txt)."
"$go" vet trip2g/...
bin/staticcheck trip2g/...
bin/actionlint
generated
tidy
vulnerable

if [ -n "$unchecked" ]; then
    echo "NOT CHECKED with go mod tidy, because of the errors above:$unchecked" >&2
    [ -z "${CI:-}" ] || exit 1
fi
