#!/bin/sh
# Makes compose/.env, the secrets that all nodes share, unless it is there. It
# is never overwritten: the database cannot be read without them.
set -eu
cd "$(dirname "$0")"
umask 077

# random prints N random bytes as hexadecimal digits.
random() {
    od -An -v -N "$1" -tx1 /dev/urandom | tr -d ' \n'
}

[ -e .env ] && exit 0
new=$(mktemp .env.XXXXXX)
trap 'rm -f "$new"' EXIT
cat >"$new" <<EOF
# Secrets of this stack, made by compose/env.sh. Keep a copy with the backups.
# README.md lists what else can be set here.

# Signs sessions and the requests that replicas forward.
TRIP2G_JWT_SECRET=$(random 32)
# Encrypts what the database stores in secret: exactly 32 bytes.
TRIP2G_DATA_ENCRYPTION_KEY=$(random 16)
EOF
# ln, unlike mv, leaves a file alone that someone else has made meanwhile.
ln "$new" .env 2>/dev/null || [ -e .env ]
