#!/bin/sh
# Puts replicas under load, with the fast lane and without, saves profiles of
# their processor time and allocations in tmp/, and prints the top of each.
set -eu
exec sh "$(dirname "$0")/bench.sh" -profile tmp
