#!/bin/sh
# The container's entrypoint, and "trip2g" for whoever enters it. As root,
# "serve" starts a LiteFS node that runs the server (LITEFS_ROLE is primary or
# replica, LITEFS_PRIMARY_HOST the leader's name in the network) or the server
# alone (LITEFS_ROLE is not set). Every other command is run as the server's
# user, whose files root could not share with it.
set -eu

program=/usr/local/bin/trip2g

complain() {
    echo "trip2g: $*" >&2
}

as_server() {
    exec setpriv --reuid trip2g --regid trip2g --clear-groups \
        --no-new-privs --bounding-set=-all "$@"
}

# check_fuse ends the container with a sentence where LiteFS would fail with
# less.
check_fuse() {
    cannot='cannot use /dev/fuse, which LiteFS needs'
    instead='or run a node without LiteFS: docker compose -f compose/single.yml up --wait'
    if [ ! -c /dev/fuse ]; then
        complain "$cannot: start the container with --device /dev/fuse --cap-add SYS_ADMIN, $instead"
        exit 1
    elif ! (: <>/dev/fuse) 2>/dev/null; then
        complain "$cannot: load the kernel's module with \"modprobe fuse\" on the host, $instead"
        exit 1
    fi
}

# check_space says why the server is about to fail or to refuse writes, when
# less than a megabyte is left for a directory.
check_space() {
    space=$(df -Pk "$1" | awk 'NR == 2 { print $4 }')
    [ "${space:-1024}" -ge 1024 ] ||
        complain "no space left for $1: free some on the disk that holds it (\"docker system df\" shows what Docker uses)"
}

# keep_reserve holds 32 MiB of LiteFS's disk in a file that makes way when the
# disk is full: LiteFS needs room to start, to copy its write-ahead log into the
# database, and reading would end until somebody makes some.
keep_reserve() {
    space=$(df -Pk "$1" | awk 'NR == 2 { print $4 }')
    if [ "${space:-0}" -lt 32768 ]; then
        rm -f "$1/reserve"
    elif [ "$space" -ge 131072 ] && [ ! -e "$1/reserve" ]; then
        fallocate -l 32MiB "$1/reserve" || rm -f "$1/reserve"
    fi
}

if [ "$(id -u)" != 0 ]; then
    exec "$program" "$@"
elif [ "${1:-serve}" != serve ]; then
    as_server "$program" "$@"
fi

case "${LITEFS_ROLE:-}" in
primary | replica)
    : "${LITEFS_PRIMARY_HOST:?is not set; set it to the name or address of the leader, the same on every node}"
    check_fuse
    keep_reserve /var/lib/litefs
    check_space /var/lib/litefs
    exec litefs mount -config "/etc/litefs/litefs.$LITEFS_ROLE.yml"
    ;;
'')
    # A fresh bind mount belongs to root or to whoever made it on the host.
    dir=$(dirname "${TRIP2G_DB_FILE:-/var/lib/trip2g/data.sqlite3}")
    if [ -z "$(ls -A "$dir")" ]; then
        chown trip2g:trip2g "$dir"
    fi
    check_space "$dir"
    as_server "$program" "$@"
    ;;
*)
    complain "LITEFS_ROLE=$LITEFS_ROLE must be primary or replica, or not set to run without LiteFS"
    exit 2
    ;;
esac
