#!/bin/bash
# Run once by the image of PostgreSQL, when the database is made: lets db2 follow, and lets no commit be answered that db2 does not have.
set -euo pipefail

psql --username hookvault --dbname hookvault --set ON_ERROR_STOP=1 --set password="$(cat /run/secrets/replica-password)" <<'END'
CREATE ROLE replica LOGIN REPLICATION PASSWORD :'password';
SELECT pg_create_physical_replication_slot('db2');
ALTER SYSTEM SET synchronous_standby_names = 'db2';
END
echo 'host replication replica samenet scram-sha-256' >>"$PGDATA/pg_hba.conf"
