#!/bin/sh
# deps.sh COMMAND...: checks that each command is installed. It installs missing
# ones as root on Debian and its derivatives, and otherwise prints how to.
set -eu

# package prints the Debian packages that contain a command.
package() {
    case $1 in
    cc) echo gcc libc6-dev ;;
    fusermount3) echo fuse3 ;;
    mmdebstrap) echo mmdebstrap debian-archive-keyring ;;
    *) echo "$1" ;;
    esac
}

missing=
for command in "$@"; do
    command -v "$command" >/dev/null 2>&1 || missing="$missing $(package "$command")"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing on this machine:$missing. Install it with the system's package manager (Fedora: sudo dnf install; macOS: brew install) and try again." >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "Missing on this machine:$missing. Install it and try again: sudo apt-get install$missing" >&2
    exit 1
fi
echo "Installing$missing ..." >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of package names
{ apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1 || {
    cat "$log" >&2
    echo "Could not install$missing; install it by hand and try again: apt-get update && apt-get install$missing" >&2
    exit 1
}
