# A stand-in for a machine with systemd: what litefs/README.md tells an operator
# to copy to it is in /install, and nothing is installed. The build context is
# litefs/.
ARG STACK_IMAGE
FROM ${STACK_IMAGE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends systemd-sysv \
 && rm -rf /var/lib/apt/lists/* \
 && userdel trip2g \
 && mkdir /install \
 && mv /usr/local/bin/litefs /usr/local/bin/trip2g /install/ \
 && rm -rf /usr/local/sbin/trip2g /etc/litefs /litefs /var/lib/litefs /var/lib/trip2g /var/lib/secrets
COPY litefs-enter litefs.primary.yml litefs.replica.yml litefs.service /install/
WORKDIR /install
STOPSIGNAL SIGRTMIN+3
ENTRYPOINT []
CMD ["/sbin/init"]
