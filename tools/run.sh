#!/bin/sh
# Runs one node in the foreground, without a container. Its data is in tmp/run.
# Server settings (TRIP2G_...) in the environment apply.
set -eu
cd "$(dirname "$0")/.."

umask 077
mkdir -p tmp/run
export TRIP2G_DB_FILE="${TRIP2G_DB_FILE:-$PWD/tmp/run/data.sqlite3}"
export TRIP2G_GIT_REPLICA_PATH="${TRIP2G_GIT_REPLICA_PATH:-$PWD/tmp/run/git}"
export TRIP2G_LISTEN_ADDR="${TRIP2G_LISTEN_ADDR:-127.0.0.1:8081}"
export TRIP2G_INTERNAL_LISTEN_ADDR="${TRIP2G_INTERNAL_LISTEN_ADDR:-127.0.0.1:8082}"

# ":8081" has no host.
case $TRIP2G_LISTEN_ADDR in
:*) url=http://localhost$TRIP2G_LISTEN_ADDR ;;
*) url=http://$TRIP2G_LISTEN_ADDR ;;
esac
cat >&2 <<EOF
Starting a node on $url ; Ctrl-C stops it.
Sign in at $url/_system/ with the code that the log below shows. A site without
an owner is claimed that way first, at $url/_system/claim .
Publish a folder of notes there, or from the command line, in another terminal:
  export TRIP2G_KEY=\$(bin/trip2g keys create --name laptop --db-file "$TRIP2G_DB_FILE")   # once
  bin/trip2g push --url $url FOLDER
Documentation: $url/_system/docs/
EOF
exec bin/trip2g serve
