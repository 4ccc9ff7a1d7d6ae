# shellcheck shell=sh
# Sourced by the scripts here, in docker/ and in compose/.

fail() {
    echo "$*" >&2
    exit 1
}

# quietly runs a command and prints its output only if it fails.
quietly() {
    if quiet_out=$("$@" 2>&1); then
        return 0
    else
        quiet_rc=$?
        printf '%s\n' "$quiet_out" >&2
        return "$quiet_rc"
    fi
}

# within kills a command after the given number of seconds (macOS has no timeout
# command).
within() {
    within_limit=$1
    shift
    "$@" &
    within_pid=$!
    (
        while [ "$within_limit" -gt 0 ] && kill -0 "$within_pid" 2>/dev/null; do
            sleep 1
            within_limit=$((within_limit - 1))
        done
        kill "$within_pid" 2>/dev/null
    ) >/dev/null 2>&1 &
    wait "$within_pid"
}

# checksums prints the SHA-256 of its input, or of each given file.
# shellcheck disable=SC2120 # dist.sh names files
checksums() {
    if command -v sha256sum >/dev/null 2>&1; then
        sha256sum "$@"
    else
        shasum -a 256 "$@"
    fi
}

# digest prints the first 12 hex digits of the SHA-256 of its input.
digest() {
    # shellcheck disable=SC2119 # its input, not the script's arguments
    checksums | cut -c 1-12
}

# need_docker exits with a message unless the Docker daemon responds.
need_docker() {
    command -v docker >/dev/null 2>&1 ||
        fail "The docker command is missing: install Docker (https://docs.docker.com/get-docker/), on Debian with: sudo apt-get install docker.io"
    need_out=$(docker version --format '{{.Server.Version}}' 2>&1) && return 0
    case $need_out in
    *'permission denied'*)
        fail "This user may not use Docker: run 'sudo usermod -aG docker $(id -un)' and sign in again." ;;
    *)
        fail "Docker does not respond; start it (Linux: sudo systemctl start docker; elsewhere: open Docker Desktop) and try again. It said: $(echo "$need_out" | tr '\n' ' ')" ;;
    esac
}

# docker_build builds an image and prints output only if it fails. It uses the
# builder that shares the daemon's images, whatever the user has selected, because
# the base image exists only there. Docker without BuildKit ignores the variable.
docker_build() {
    quietly env "BUILDX_BUILDER=${BUILDX_BUILDER:-$(docker context show)}" docker build "$@"
}
