#!/bin/bash
# Makes a back-up of the database each day, checks it, and removes those older than 14 days.
set -eu
umask 077
export PGPASSWORD
PGPASSWORD=$(cat /run/secrets/database_owner_password)
while true; do
  new=/backups/$(date +%F-%H%M%S).dump
  if pg_dump --host=database --username=kwtsms_owner --format=custom --file="$new.part" kwtsms \
    && pg_restore --list "$new.part" > /dev/null; then
    mv "$new.part" "$new"
    find /backups -name '*.dump*' -mtime +14 -delete
    sleep 86400
  else
    echo "the back-up failed; it is tried again in five minutes" >&2
    sleep 300
  fi
done
