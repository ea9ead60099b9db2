-- Creates the role of the remediation webhook and its privileges. Only the action "reset-connections" needs it. Run it
-- in SightEdit's database as a superuser. Running it again changes nothing:
--
--   psql --dbname=sightedit_production --set=ON_ERROR_STOP=1 --file=rules/sql/remediation-grants.sql
--
-- It sets no password. Set one with psql's \password sightedit_remediation, and put the same password into the Secret.
--
-- The role can list sessions and end them, but reads no row of a table. pg_signal_backend cannot end sessions of a
-- superuser, so neither an administrator nor replication by a superuser can be locked out. It can end the sessions of
-- every other role: the action limits itself to the application's, with one statement that names the role and the
-- database. Membership in the application's role would limit the sessions, but would also give access to its tables.
--
-- The role itself needs a connection when the server has none left. From PostgreSQL 16 on, reserve some: set
-- reserved_connections = 3 in postgresql.conf, which needs a restart. The privilege to use them is granted below. Older
-- versions only reserve connections for superusers, so keep the sum of the other roles' CONNECTION LIMITs below
-- max_connections.
BEGIN;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sightedit_remediation') THEN
    CREATE ROLE sightedit_remediation;
  END IF;
  -- An existing role may have more attributes. A script must not remove them silently.
  IF EXISTS (
    SELECT FROM pg_roles
    WHERE rolname = 'sightedit_remediation'
      AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
  ) THEN
    RAISE EXCEPTION 'sightedit_remediation may do more than end sessions: ALTER ROLE sightedit_remediation NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS';
  END IF;
  IF EXISTS (
    SELECT FROM pg_auth_members
    WHERE member = 'sightedit_remediation'::regrole
      AND roleid::regrole::text NOT IN ('pg_signal_backend', 'pg_read_all_stats', 'pg_use_reserved_connections')
  ) THEN
    RAISE EXCEPTION 'sightedit_remediation is a member of other roles and has their privileges: REVOKE them';
  END IF;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO sightedit_remediation', current_database());
  IF current_setting('server_version_num')::int >= 160000 THEN
    GRANT pg_use_reserved_connections TO sightedit_remediation;
  END IF;
END $$;

-- One connection for each of two replicas and one to spare, so that the role does not take connections from others.
ALTER ROLE sightedit_remediation LOGIN INHERIT CONNECTION LIMIT 3;
ALTER ROLE sightedit_remediation SET statement_timeout = '5s';
ALTER ROLE sightedit_remediation SET lock_timeout = '2s';
ALTER ROLE sightedit_remediation SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE sightedit_remediation SET default_transaction_read_only = on;
ALTER ROLE sightedit_remediation SET search_path = pg_catalog;
GRANT pg_signal_backend TO sightedit_remediation;
-- Without it the state of other roles' sessions is hidden.
GRANT pg_read_all_stats TO sightedit_remediation;

COMMIT;
