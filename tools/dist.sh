#!/bin/sh
# Builds the static binaries of a release for Linux on amd64 and arm64 into
# bin/linux-ARCH, from where docker/Dockerfile copies them, and packs them with the
# LiteFS configuration and checksums into tmp/dist.
set -eu
cd "$(dirname "$0")/.."
. tools/lib.sh

rm -rf tmp/dist
mkdir -p tmp/dist
for arch in amd64 arm64; do
    platform=linux-$arch
    for program in trip2g litefs; do
        GOOS=linux GOARCH=$arch sh tools/build.sh "$program" "bin/$platform/$program"
    done
    tar -czf "tmp/dist/trip2g-$platform.tar.gz" \
        -C "$PWD/bin/$platform" trip2g litefs \
        -C "$PWD/litefs" litefs.primary.yml litefs.replica.yml litefs.service \
        -C "$PWD" LICENSE
done
cd tmp/dist
checksums ./*.tar.gz | sed 's,\./,,' >SHA256SUMS
