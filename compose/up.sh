#!/bin/sh
# Starts the stack STACK (litefs, shared or single) of the project PROJECT from
# the image given, waits until every node is healthy and says where everything
# is.
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

# advice prints what to do about a failure that Docker words for itself.
advice() {
    case $1 in
    *"this node's database has "*)
        echo 'The leader and a replica have different databases, and the replica keeps its own: restore the leader with "make restore BACKUP=FILE" (docs/operate/backup.md).' ;;
    *'port is already allocated'* | *'address already in use'*)
        echo 'A port is taken: stop what uses it, or choose another, e.g. make up APP_PORT=30081 (compose/README.md lists them).' ;;
    *'no space left on device'*)
        echo 'The disk that Docker keeps its data on is full: "docker system df" shows what uses it, "docker system prune" frees what is unused.' ;;
    *'custom device "/dev/fuse"'*)
        echo 'This machine has no /dev/fuse, which LiteFS needs: load it with "sudo modprobe fuse", or run one node without LiteFS: make up STACK=single' ;;
    *)
        echo 'The last lines above say why.' ;;
    esac
}

STACK_IMAGE=$1
export STACK_IMAGE
# What Docker makes belongs to root, and so would tmp/.
mkdir -p tmp/shared

up() {
    compose up --detach --wait --wait-timeout 180 "$@"
}

# up_all starts a stack at once. One that runs is changed node by node, each
# waited for, the leader first, because it migrates the database: the others
# serve meanwhile.
up_all() {
    if [ -n "$(compose ps --quiet --status running)" ]; then
        for service in app $(compose config --services | sed '/^app$/d' | sort); do
            up --no-deps "$service" || return
        done
    fi
    up --remove-orphans
}

echo "Starting the $stack stack ..."
out=$(up_all 2>&1) || {
    out="$out
$(compose logs --tail 20 2>&1)"
    printf '%s\n' "$out" >&2
    fail "The $stack stack did not become healthy. $(advice "$out")"
}

leader=$(address app 20081)
printf '\n%s\n' "The $stack stack is up:"
echo "  $leader   leader"
if [ "$stack" != single ]; then
    echo "  $(address app-replica 20071)   replica"
    echo "  $(address app-replica2 20073)   replica"
fi
project=
[ "${PROJECT:-trip2g}" = trip2g ] || project=" PROJECT=$PROJECT"
cat <<EOF
Sign in at $leader/_system/ as $(compose exec -T app printenv TRIP2G_OWNER_EMAIL), with the code that "make logs$project" shows.
Publish a folder of notes there, or from the command line:
  export TRIP2G_KEY=\$(make key NAME=laptop$project)   # once
  bin/trip2g push --url $leader FOLDER
Documentation: $leader/_system/docs/
Stop with "make down$project", remove with all data with "make clean$project".
EOF
