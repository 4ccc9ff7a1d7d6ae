#!/bin/sh
# Checks that words.sh finds what it has to and nothing else.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

page=$(mktemp)
trap 'rm -f "$page"' EXIT
cat >"$page" <<'END'
A Picture, and `a picture` in code. **Take away** is a label, [a link](picture.md) a target,
and [[film|a note]] another. The phrase take
away spans lines.

```sh
echo picture
```

There is no problem. A line ending stays; an
Excalidraw
drawing, too. It is no problem.
END
found=$(sh tools/words.sh "$page") && fail "words.sh found nothing."
want="$page:1: write \"image\" instead of \"picture\"
$page:3: write \"unpublish, remove\" instead of \"take away\"
$page:11: write \"is not a\" instead of \"is no\""
[ "$found" = "$want" ] || fail "words.sh found
$found
but has to find
$want"
