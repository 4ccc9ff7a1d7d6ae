#!/bin/sh
# bench.sh [ARGUMENT...]: measures this machine's nodes beside nginx and net/http
# and writes docs/benchmarks.md, .svg and .json. The binaries in bin/ are what is
# measured. "-rows lag,writes" measures some rows, "-short" is quick and rough,
# "-out tmp" leaves docs/ as it is; "-help" lists the rest.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

[ "$(uname)" = Linux ] || fail "LiteFS runs on Linux only, and so does what is measured here."

# Users other than root seldom have it in their path.
PATH=$PATH:/usr/sbin
export PATH

# Debian starts a server that it installs. Nobody asked for one on port 80.
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
