#!/bin/sh
# Restores the backup BACKUP into the leader of the running LiteFS stack of the
# project PROJECT and brings its replicas along, whatever they have.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

project=${PROJECT:-trip2g}
backup=${BACKUP:-}
[ -n "$backup" ] || fail 'Which backup? make restore BACKUP=backup.sqlite3'
[ -r "$backup" ] || fail "$backup cannot be read (the path is from the root of this checkout)."
[ "$(head -c 15 "$backup")" = 'SQLite format 3' ] || fail "$backup is no SQLite database."
need_docker

# role prints what a container's LiteFS is: primary, replica or nothing.
role() {
    docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$1" | sed -n 's/^LITEFS_ROLE=//p'
}

leader=
replicas=
for container in $(docker ps -q --filter "label=com.docker.compose.project=$project"); do
    case $(role "$container") in
    primary) leader=$container ;;
    replica) replicas="$replicas $container" ;;
    esac
done
[ -n "$leader" ] || fail "The project $project runs no LiteFS leader: start it first with \"make up\". Replicas may be unhealthy then."
for container in $(docker ps -aq --filter "label=com.docker.compose.project=$project" --filter status=exited); do
    [ "$(role "$container")" != replica ] ||
        fail "A replica of the project $project is stopped ($container): start it first, or remove its container, so that it is not left with the old database."
done

name() {
    docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}' "$1"
}

# await_healthy waits until the container's health check succeeds.
await_healthy() {
    tries=180
    until [ "$(docker inspect --format '{{.State.Health.Status}}' "$1")" = healthy ]; do
        tries=$((tries - 1))
        if [ "$tries" -eq 0 ]; then
            docker logs --tail 20 "$1" >&2
            fail "$(name "$1") did not become healthy. The lines above may say why. The leader has the backup; run this again."
        fi
        sleep 1
    done
    echo "  $(name "$1") is healthy"
}

echo "Restoring $backup into $(name "$leader") ..."
docker cp "$backup" "$leader:/tmp/restore.sqlite3" >/dev/null
quietly docker exec "$leader" litefs import -name data.sqlite3 /tmp/restore.sqlite3
docker exec "$leader" rm -f /tmp/restore.sqlite3
# The server still serves what it had in memory.
docker restart "$leader" >/dev/null
await_healthy "$leader"

# A replica's LiteFS follows only a leader of the cluster that it was in. One
# without an id takes the leader's, and with it the leader's database.
cluster=$(docker exec "$leader" cat /var/lib/litefs/clusterid)
for container in $replicas; do
    [ "$(docker exec "$container" cat /var/lib/litefs/clusterid 2>/dev/null)" = "$cluster" ] ||
        docker exec "$container" rm -f /var/lib/litefs/clusterid
    docker restart "$container" >/dev/null
done
for container in $replicas; do
    await_healthy "$container"
done
echo 'Restored. What was published after the backup is undone; "trip2g status" shows every node at the same position.'
