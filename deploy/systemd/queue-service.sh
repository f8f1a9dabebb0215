#!/bin/sh
# /usr/local/bin/queue-service: the core's commands as the service itself runs them, with its user, settings and folder.
# Root's files are not its own: give it a file as `< FILE`, take one as `> FILE`.
exec systemd-run --quiet --wait --collect --pipe --pty --uid=queue-service --gid=queue-service \
    --working-directory=/var/lib/queue-service --property=StateDirectory=queue-service \
    --property=StateDirectoryMode=0700 --property=UMask=0077 \
    --property=EnvironmentFile=/etc/queue-service/core.env \
    --setenv=LANG="${LANG:-en_US.UTF-8}" --setenv=QUEUE_DATA_DIR=/var/lib/queue-service \
    /opt/queue-service/current/bin/queue-service "$@"
