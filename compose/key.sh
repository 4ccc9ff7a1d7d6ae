#!/bin/sh
# key.sh NAME: makes an API key on the running stack's leader and prints it
# alone.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

name=${1:-$(date -u +key-%Y%m%dT%H%M%SZ)}
sh compose/compose.sh exec -T --user trip2g app trip2g keys create --name "$name" ||
    fail 'No key made: is the stack running? "make ps" shows it, "make up" starts it.'
