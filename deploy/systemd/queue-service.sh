#!/bin/sh
# /usr/local/bin/queue-service: the core's commands as the service itself runs them, with its user, settings and folder.
exec systemd-run --quiet --wait --collect --pipe --pty --same-dir --uid=queue-service --gid=queue-service \
    --setenv=LANG="${LANG:-en_US.UTF-8}" --setenv=QUEUE_DATA_DIR=/var/lib/queue-service \
    --property=EnvironmentFile=/etc/queue-service/core.env /opt/queue-service/bin/queue-service "$@"
