#!/bin/sh
# words.sh [FILE...]: checks the documentation, or the files given, for the words
# in tools/words.txt and prints what to write instead. Fails if there are any.
# Code, bold text (labels of the UI), link targets and HTML tags are not checked.
set -eu
cd "$(dirname "$0")/.."

if [ $# -eq 0 ]; then
    IFS='
'
    # shellcheck disable=SC2046 # one path a line
    set -- README.md CONTRIBUTING.md SECURITY.md CHANGELOG.md ./*/README.md \
        $(find docs .github -name '*.md' | sort)
fi

awk '
# normal returns the words of a line in lower case, with a space before and after each.
function normal(line) {
    gsub(/`[^`]*`|\*\*[^*]*\*\*|<[^>]*>/, " | ", line)
    gsub(/\]\([^)]*\)|\[\[[^]|\\]*/, " ", line)
    line = tolower(line)
    gsub(/[^a-z0-9\047-]+/, " ", line)
    return " " line " "
}
# allow removes the phrases that are allowed.
function allow(text,    i) {
    for (i = 1; i <= allowed; i++)
        while (index(text, allows[i])) sub(allows[i], " | ", text)
    return text
}
FILENAME == "tools/words.txt" {
    if (/^#/ || /^$/) next
    if (/^!/) { allows[++allowed] = " " substr($0, 2) " "; next }
    split($0, field, "\t"); avoid[++rules] = " " field[1] " "; better[rules] = field[2]
    next
}
FNR == 1 { code = 0; before = "" }
/^ *(> ?)*(```|~~~)/ { code = !code; before = ""; next }
code || /^permalink:/ || /^    [^ ]/ && before == "" { before = ""; next }
{
    line = normal($0)
    here = allow(line)
    both = allow(before line)
    last = allow(before)
    for (i = 1; i <= rules; i++) {
        # In this line, or begun in the line before.
        if (index(both, avoid[i]) && (index(here, avoid[i]) || !index(last " ", avoid[i]))) {
            printf "%s:%d: write \"%s\" instead of \"%s\"\n", FILENAME, FNR, better[i], substr(avoid[i], 2, length(avoid[i]) - 2)
            found = 1
        }
    }
    before = /^ *$/ ? "" : line
    sub(/ $/, "", before)
}
END { exit found }
' tools/words.txt "$@"
