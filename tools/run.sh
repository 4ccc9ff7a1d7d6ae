#!/bin/sh
# Runs one node on this machine in the foreground, without a container, and
# publishes docs/ to it. Its data are in tmp/run. Settings of the server
# (TRIP2G_...) in the environment are respected.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

sh tools/deps.sh curl
umask 077
mkdir -p tmp/run
export TRIP2G_DB_FILE="${TRIP2G_DB_FILE:-$PWD/tmp/run/data.sqlite3}"
export TRIP2G_GIT_REPLICA_PATH="${TRIP2G_GIT_REPLICA_PATH:-$PWD/tmp/run/git}"
export TRIP2G_LISTEN_ADDR="${TRIP2G_LISTEN_ADDR:-127.0.0.1:8081}"
export TRIP2G_INTERNAL_LISTEN_ADDR="${TRIP2G_INTERNAL_LISTEN_ADDR:-127.0.0.1:8082}"

# url prints the address of a listener on this machine; ":8081" has no host.
url() {
    case $1 in
    :*) echo "http://localhost$1" ;;
    *) echo "http://$1" ;;
    esac
}

# publish waits for the server, which is the process $$ from the exec below
# on, and pushes docs/ to it.
publish() {
    until curl -fsS "$(url "$TRIP2G_INTERNAL_LISTEN_ADDR")/readyz" >/dev/null 2>&1; do
        kill -0 $$ 2>/dev/null || return 0
        sleep 0.2
    done
    site=$(url "$TRIP2G_LISTEN_ADDR")
    sh tools/publish.sh "$site" tmp/run/docs.key bin/trip2g keys create --name docs
    echo "The documentation is at $site ; Ctrl-C stops the server."
}

publish >&2 &
exec bin/trip2g serve
