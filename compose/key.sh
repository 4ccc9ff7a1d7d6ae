#!/bin/sh
# Creates an API key with the name NAME on the running stack's leader and prints
# it alone. SCOPE says what it may do (default: read,publish).
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

[ -n "${NAME:-}" ] || fail 'The key needs a name, to tell it from others: make key NAME=laptop'
sh compose/compose.sh exec -T app trip2g keys create --name "$NAME" --scope "${SCOPE:-read,publish}" ||
    fail 'No key created: is the stack running? "make ps" shows it, "make up" starts it.'
