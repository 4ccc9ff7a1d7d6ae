#!/bin/sh
# What the container runs: a LiteFS node that runs the server (LITEFS_ROLE is
# primary or replica, LITEFS_PRIMARY_HOST the leader's name in the network), or
# the server alone (LITEFS_ROLE is not set). Arguments other than "serve" are a
# command of trip2g, run as the server's user.
set -eu

as_server() {
    exec setpriv --reuid trip2g --regid trip2g --clear-groups \
        --no-new-privs --bounding-set=-all "$@"
}

if [ "${1:-serve}" != serve ]; then
    as_server trip2g "$@"
fi

case "${LITEFS_ROLE:-}" in
primary | replica)
    : "${LITEFS_PRIMARY_HOST:?is not set; set it to the name or address of the leader, the same on every node}"
    exec litefs mount -config "/etc/litefs/litefs.$LITEFS_ROLE.yml"
    ;;
'')
    # A fresh bind mount belongs to root or to whoever made it on the host.
    dir=$(dirname "${TRIP2G_DB_FILE:-/var/lib/trip2g/data.sqlite3}")
    if [ -z "$(ls -A "$dir")" ]; then
        chown trip2g:trip2g "$dir"
    fi
    as_server trip2g "$@"
    ;;
*)
    echo "entrypoint: LITEFS_ROLE=$LITEFS_ROLE is no role; set it to primary or replica, or unset it to run without LiteFS" >&2
    exit 2
    ;;
esac
