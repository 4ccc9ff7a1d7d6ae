# The base of the server's image: Debian's slim image and the packages that
# LiteFS (fuse3), the health checks (curl), the git interface (git) and an
# operator's look into the database (sqlite3) need. base.sh builds it.
FROM debian:bookworm-slim
ARG PACKAGES
RUN apt-get update \
 && apt-get install -y --no-install-recommends ${PACKAGES} \
 && rm -rf /var/lib/apt/lists/*
