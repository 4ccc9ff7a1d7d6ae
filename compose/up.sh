#!/bin/sh
# Starts the stack STACK (litefs, shared or single) of the project PROJECT from
# the image given, waits until every node is healthy, publishes docs/ and says
# where everything is.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

stack=${STACK:-litefs}

compose() {
    sh compose/compose.sh "$@"
}

# address prints the URL of a node's port as a browser on this machine reaches
# it, whatever settings the port came from.
address() {
    echo "http://localhost:$(compose port "$1" "$2" | sed 's/.*://')"
}

STACK_IMAGE=$1
export STACK_IMAGE
# What Docker makes belongs to root, and so would tmp/.
mkdir -p tmp/shared

echo "Starting the $stack stack ..."
quietly compose up --detach --remove-orphans --wait --wait-timeout 180 || {
    compose logs --tail 20 >&2
    fail "The $stack stack did not become healthy: the last lines above say why."
}

leader=$(address app 20081)
sh tools/publish.sh "$leader" "tmp/up/${PROJECT:-trip2g}.$stack.key" sh compose/key.sh docs

printf '\n%s\n' "The $stack stack is up:"
echo "  $leader   leader"
target=$leader
if [ "$stack" != single ]; then
    target=$(address app-replica 20071)
    echo "  $target   replica"
    echo "  $(address app-replica2 20073)   replica"
fi
project=
[ "${PROJECT:-trip2g}" = trip2g ] || project=" PROJECT=$PROJECT"
cat <<EOF
Publish your own folder of Markdown, through any of them:
  TRIP2G_KEY=\$(make key$project) bin/trip2g push --url $target FOLDER
Stop with "make down$project", remove with all data with "make clean$project".
EOF
