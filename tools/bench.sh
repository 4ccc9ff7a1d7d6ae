#!/bin/sh
# bench.sh [ARGUMENT...]: compares the binaries in bin/ with nginx and net/http on
# this machine and writes docs/benchmarks.md, .svg and .json. "-rows lag,writes"
# measures some rows, "-short" is quick and rough, "-out tmp" writes to tmp instead
# of docs/; "-help" lists all arguments.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

[ "$(uname)" = Linux ] || fail "make bench runs on Linux only, like LiteFS."

# Users other than root often lack it in their PATH.
PATH=$PATH:/usr/sbin
export PATH

# Debian starts a server when it installs it; this prevents one on port 80.
policy=/usr/sbin/policy-rc.d
if [ "$(id -u)" = 0 ] && ! command -v nginx >/dev/null 2>&1 && [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    sh tools/deps.sh nginx
    rm -f "$policy"
    trap - EXIT HUP INT TERM
fi
sh tools/deps.sh wrk nginx fusermount3

mkdir -p tmp
CGO_ENABLED=0 "${GO:-go}" build -trimpath -buildvcs=false -o tmp/bench ./bench
exec tmp/bench "$@"
