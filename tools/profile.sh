#!/bin/sh
# Profiles replicas under load, with and without the fast lane: saves CPU and
# allocation profiles in tmp/ and prints the top of each.
set -eu
exec sh "$(dirname "$0")/bench.sh" -profile tmp
