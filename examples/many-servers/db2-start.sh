#!/bin/bash
# Copies db1 where nothing is there yet, and follows it from then on.
set -euo pipefail

if [[ ! -e $PGDATA/PG_VERSION ]]; then
  PGPASSWORD=$(cat /run/secrets/replica-password) pg_basebackup --write-recovery-conf --slot=db2 --wal-method=stream \
    --checkpoint=fast --pgdata="$PGDATA" --dbname='host=db1 user=replica application_name=db2'
  # When it is promoted, it has no standby of its own.
  echo "synchronous_standby_names = ''" >>"$PGDATA/postgresql.auto.conf"
  chmod 700 "$PGDATA"
fi
exec postgres
