#!/bin/sh
# Runs Compose v2 with the arguments given, for the stack STACK and the project
# PROJECT: Docker's plugin where there is one, else bin/docker-compose.
# "compose.sh --have" succeeds unless the latter is needed. What stops, lists or
# enters containers finds those of any stack: all name their nodes alike.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

# env_file with "required" needs 2.24.
plugin() {
    plugin_version=$(docker compose version --short 2>/dev/null) || return 1
    case ${plugin_version#v} in
    1.* | 2.?.* | 2.1?.* | 2.2[0-3].*) return 1 ;;
    esac
}

if [ "${1:-}" = --have ]; then
    ! command -v docker >/dev/null 2>&1 || plugin
    exit
fi

stack=${STACK:-litefs}
case $stack in
litefs | shared | single) ;;
*) fail "STACK=$stack is no stack; choose litefs, shared or single." ;;
esac
need_docker
set -- --file "compose/$stack.yml" "$@"
COMPOSE_PROJECT_NAME=${PROJECT:-trip2g}
export COMPOSE_PROJECT_NAME
if plugin; then
    set -- docker compose "$@"
elif [ -x bin/docker-compose ]; then
    set -- bin/docker-compose "$@"
else
    fail 'Docker has no Compose plugin of version 2.24 or later here: "make build" builds one into bin/.'
fi
exec "$@"
