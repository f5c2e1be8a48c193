#!/bin/bash
# Creates the roles of a new PostgreSQL: kwtsms_owner owns the tables and changes them, kwtsms_app reads and writes rows.
# So the bot can neither remove the ledger's triggers nor empty or drop a table.
set -e
owner=$(cat /run/secrets/database_owner_password)
app=$(cat /run/secrets/database_password)
psql -v ON_ERROR_STOP=1 --username postgres --dbname kwtsms -v owner="$owner" -v app="$app" <<'SQL'
CREATE ROLE kwtsms_owner LOGIN PASSWORD :'owner';
CREATE ROLE kwtsms_app LOGIN PASSWORD :'app';
REVOKE ALL ON DATABASE kwtsms FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE kwtsms TO kwtsms_owner, kwtsms_app;
GRANT USAGE, CREATE ON SCHEMA public TO kwtsms_owner;
GRANT USAGE ON SCHEMA public TO kwtsms_app;
ALTER DEFAULT PRIVILEGES FOR ROLE kwtsms_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO kwtsms_app;
ALTER DEFAULT PRIVILEGES FOR ROLE kwtsms_owner IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO kwtsms_app;
SQL
